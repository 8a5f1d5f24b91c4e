/** How a partner code is compared: however it is typed, in capitals and without spaces and dashes. */
export const canonicalCode = (typed: string): string =>
  typed
    .normalize('NFKC')
    .replace(/[\s\p{Pd}]/gu, '')
    .toUpperCase();
