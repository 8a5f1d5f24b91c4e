/** Whether a secret can travel in a header as it is. */
export const isHeaderText = (text: string): boolean => /^[\x21-\x7E](?:[\x20-\x7E]*[\x21-\x7E])?$/.test(text);

/** RFC 7617. */
export const basicCredentials = (userName: string, password: string): string =>
  `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;
