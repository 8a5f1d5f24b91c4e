import type { PageContext } from './models.js';

/** British English: day before month and a 24-hour clock, which nobody misreads. */
const locales: Record<string, string> = { en: 'en-GB' };

/**
 * A moment in the time zone of the person's profile, or in UTC, and said so; the script of the same name turns it into
 * the time on the clock at hand.
 */
export function LocalTime({ page, at, dateOnly }: { page: PageContext; at: string; dateOnly?: boolean }) {
  const locale = locales[page.language] ?? page.language;
  const date = new Date(at);
  const timeZone = page.timeZone ?? 'UTC';
  const format = formatOf(locale, { dateStyle: 'long', ...(dateOnly ? {} : { timeStyle: 'short' }), timeZone });
  return (
    <time dateTime={at} data-local-time={dateOnly ? 'date' : 'minute'} data-locale={locale}>
      {dateOnly ? format.format(date) : `${format.format(date)} ${zoneName(locale, timeZone, date)}`}
    </time>
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Kept: making one takes longer than all else on a page with a few times. As many as zones and languages, at most. */
function formatOf(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, options]);
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, format);
  return format;
}

/** "UTC", "CET", "GMT+5:30": what the clocks of the zone showed at that time. */
const zoneName = (locale: string, timeZone: string, date: Date) =>
  formatOf(locale, { timeZone, timeZoneName: 'short' })
    .formatToParts(date)
    .find(({ type }) => type === 'timeZoneName')?.value;
