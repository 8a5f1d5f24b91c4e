import type { Language, Translate } from '../i18n.js';

// British order for English: day before month, as everywhere outside the United States; the month is a word, so both read it right.
const formatIn = (locale: string) =>
  new Intl.DateTimeFormat(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
    timeZoneName: 'short',
  });
const formats: Record<Language, Intl.DateTimeFormat> = { en: formatIn('en-GB'), de: formatIn('de-DE') };

/** A moment in words, in UTC and saying so: where the reader is, nobody knows. */
export const formatMoment = (moment: Date, language: Language): string => formats[language].format(moment);

/** How long a link works, in whole hours; lifetimes below one hour (only where somebody configures them) in minutes. */
export const linkLifetime = (t: Translate, hours: number): string =>
  hours >= 1
    ? t('common.linkHours', { count: Math.floor(hours) })
    : t('common.linkMinutes', { count: Math.max(1, Math.floor(hours * 60)) });
