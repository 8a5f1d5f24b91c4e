/** Headers that frame the message, speak for us elsewhere, or are ours to set. */
const forbidden = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'cookie2',
  'date',
  'expect',
  'forwarded',
  'host',
  'idempotency-key',
  'keep-alive',
  'origin',
  'referer',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'via',
]);
const forbiddenFamily = /^(proxy-|sec-|vestibule-|x-forwarded-)/;
/** RFC 9110, 5.6.2. */
const token = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Whether a provider's key may travel in a header of this name. */
export function isUsableHeaderName(name: string): boolean {
  const lower = name.toLowerCase();
  return token.test(lower) && !forbidden.has(lower) && !forbiddenFamily.test(lower);
}
