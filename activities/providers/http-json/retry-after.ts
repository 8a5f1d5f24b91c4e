/** In seconds: whoever asks us to wait longer has forgotten us. */
const longestWait = 24 * 60 * 60;

/** Seconds to wait by a Retry-After header, which holds seconds or a date; nothing if it holds neither. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text), longestWait);
  // All dates of HTTP end so; one without a zone would be read in ours.
  const date = / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date)) return undefined;
  return Math.min(Math.max(Math.ceil((date - now) / 1000), 0), longestWait);
}
