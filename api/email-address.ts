import { domainToASCII } from 'node:url';

const maxLocalOctets = 64;
const maxOctets = 254;
/** Dot-atom of RFC 5322 without `%` and `!`, which some servers take as routing (security.md V4). */
const localPart = /^[a-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[a-z0-9#$&'*+/=?^_`{|}~-]+)*$/;
/** What a domain may be typed with; the URL parser behind `domainToASCII` would drop a path, a query or a line break. */
const typedDomain = /^[\p{L}\p{M}\p{N}.-]+$/u;
const domainPart = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/**
 * The canonical form of an address: trimmed, NFC, lower-cased by an ASCII fold, domain as A-label (security.md D1).
 * Undefined for what is not exactly one plain addr-spec. Dots and tags stay: they may be different mailboxes.
 */
export function canonicalEmail(typed: string): string | undefined {
  if (typed.length > 4 * maxOctets) return undefined;
  const address = typed
    .trim()
    .normalize('NFC')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const typedHost = address.slice(at + 1);
  const domain = typedDomain.test(typedHost) ? domainToASCII(typedHost) : '';
  if (at < 1 || local.length > maxLocalOctets || local.length + domain.length + 1 > maxOctets) return undefined;
  if (!localPart.test(local) || local.includes('=?') || !domainPart.test(domain)) return undefined;
  return `${local}@${domain}`;
}
