/**
 * How numbers, days and names of countries are written in a language. Each formatter is made once and kept: it takes longer
 * to make than all else in a row of a table, and memory that V8 does not count, so that hundreds of megabytes of them pile
 * up before they are thrown away. There are as many as there are languages, ways to write and time zones.
 */

/** British English: day before month and a 24-hour clock, which nobody misreads. */
export const dateLocale = (language: string): string => (language === 'en' ? 'en-GB' : language);

export const dateFormat = kept(
  (language, options?: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(dateLocale(language), options),
);
export const numberFormat = kept(
  (language, options?: Intl.NumberFormatOptions) => new Intl.NumberFormat(language, options),
);
const names = kept((language, type?: 'region' | 'language') => new Intl.DisplayNames(language, { type: type! }));

/** Of an ISO 3166-1 code. */
export const countryName = (language: string, code: string): string => names(language, 'region').of(code) ?? code;

/** Of an ISO 639 code. */
export const languageName = (language: string, code: string): string => names(language, 'language').of(code) ?? code;

/** Makes a thing once for each language and, where it has any, for each of its options. */
export function kept<Options, Made>(make: (language: string, options?: Options) => Made) {
  const all = new Map<string, Made>();
  return (language: string, options?: Options): Made => {
    const key = JSON.stringify([language, options]);
    const made = all.get(key) ?? make(language, options);
    all.set(key, made);
    return made;
  };
}
