import { addressLiteral, isPublicAddress } from './public-address.js';

/** Where the partner code goes in a URL. */
export const codePlaceholder = '{code}';

/** In characters. */
export const longestUrl = 2_000;

/** Names that lead to this machine or its own network; what any other name leads to is known only when it is dialled. */
const localName = /(^|\.)(localhost|localdomain|local|internal|home\.arpa)\.?$/;

/** What is wrong with a URL wherever it leads, as a code. */
export function checkUrlForm(text: string): string | undefined {
  if (text.length > longestUrl) return 'tooLong';
  const url = parse(text, 'a');
  if (!url) return 'invalidUrl';
  if (!['https:', 'http:'].includes(url.protocol)) return 'notHttps';
  if (url.username || url.password) return 'userInfoForbidden';
  if (text.includes('#')) return 'fragmentForbidden';
  // Whoever types a code must not choose whom we ask.
  if (url.origin !== parse(text, 'b')?.origin) return 'placeholderForbidden';
  return undefined;
}

/**
 * Why requests may not go to this URL, as a code; nothing if they may (security.md F1). An origin that the deployment
 * lists may be anywhere; when it lists any, others are refused. The text says only so much: the address is checked
 * when it is dialled (F2).
 */
export function checkEndpoint(text: string, allowedOrigins: string[]): string | undefined {
  const fault = checkUrlForm(text);
  if (fault) return fault;
  const url = new URL(text);
  if (isListed(url, allowedOrigins)) return undefined;
  if (url.protocol !== 'https:') return 'notHttps';
  if (url.port !== '') return 'portForbidden';
  if (allowedOrigins.length > 0) return 'hostNotAllowed';
  const literal = addressLiteral(url);
  const isLocal = literal === undefined ? localName.test(url.hostname) : !isPublicAddress(literal);
  return isLocal ? 'addressForbidden' : undefined;
}

export const isListed = (url: URL, allowedOrigins: string[]): boolean =>
  allowedOrigins.some((listed) => URL.canParse(listed) && new URL(listed).origin === url.origin);

/** The URL parser drops line breaks and turns backslashes round: what a person reads must be what is asked. */
function parse(text: string, code: string): URL | undefined {
  if (/[\s\p{Cc}\\]/u.test(text)) return undefined;
  const filled = text.replaceAll(codePlaceholder, code);
  return URL.canParse(filled) ? new URL(filled) : undefined;
}
