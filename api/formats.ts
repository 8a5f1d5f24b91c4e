/**
 * How numbers, days and names of countries are written in a language. Each formatter is made once and kept: it takes longer
 * to make than all else in a row of a table, and memory that V8 does not count, so that hundreds of megabytes of them pile
 * up before they are thrown away. There are as many as there are languages, ways to write and time zones.
 */

/** British English: day before month and a 24-hour clock, which nobody misreads. */
export const dateLocale = (language: string): string => (language === 'en' ? 'en-GB' : language);

export const dateFormat = kept(
  (language, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(dateLocale(language), options),
);
export const numberFormat = kept(
  (language, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(language, options),
);
export const displayNames = kept(
  (language, options: Intl.DisplayNamesOptions) => new Intl.DisplayNames(language, options),
);

function kept<Options, Format>(make: (language: string, options: Options) => Format) {
  const made = new Map<string, Format>();
  return (language: string, options: Options): Format => {
    const key = JSON.stringify([language, options]);
    const format = made.get(key) ?? make(language, options);
    made.set(key, format);
    return format;
  };
}
