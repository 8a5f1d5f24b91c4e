import { dateFormat, dateLocale } from '../formats.js';
import type { PageContext } from './models.js';

/**
 * A moment in the time zone of the person's profile, or in UTC, and said so; the script of the same name turns it into
 * the time on the clock at hand.
 */
export function LocalTime({ page, at, dateOnly }: { page: PageContext; at: string; dateOnly?: boolean }) {
  const { language, timeZone = 'UTC' } = page;
  const date = new Date(at);
  const format = dateFormat(language, { dateStyle: 'long', ...(dateOnly ? {} : { timeStyle: 'short' }), timeZone });
  return (
    <time dateTime={at} data-local-time={dateOnly ? 'date' : 'minute'} data-locale={dateLocale(language)}>
      {dateOnly ? format.format(date) : `${format.format(date)} ${zoneName(language, timeZone, date)}`}
    </time>
  );
}

/** "UTC", "CET", "GMT+5:30": what the clocks of the zone showed at that time. */
const zoneName = (language: string, timeZone: string, date: Date) =>
  dateFormat(language, { timeZone, timeZoneName: 'short' })
    .formatToParts(date)
    .find(({ type }) => type === 'timeZoneName')?.value;
