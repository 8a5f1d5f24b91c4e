import type { PageContext } from './models.js';

/** British English: day before month and a 24-hour clock, which nobody misreads. */
const locales: Record<string, string> = { en: 'en-GB' };

/**
 * A moment, in UTC and said to be so, because the server does not know where the person is; the script of the same name
 * turns it into their own time.
 */
export function LocalTime({ page, at, dateOnly }: { page: PageContext; at: string; dateOnly?: boolean }) {
  const locale = locales[page.language] ?? page.language;
  const format = new Intl.DateTimeFormat(locale, {
    dateStyle: 'long',
    ...(dateOnly ? {} : { timeStyle: 'short' }),
    timeZone: 'UTC',
  });
  return (
    <time dateTime={at} data-local-time={dateOnly ? 'date' : 'minute'} data-locale={locale}>
      {dateOnly ? format.format(new Date(at)) : `${format.format(new Date(at))} UTC`}
    </time>
  );
}
