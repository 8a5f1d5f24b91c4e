import ipaddr from 'ipaddr.js';

/** All that is handed out to the public so far; ::/96 and the like, which lead back to IPv4, lie outside. */
const globalUnicast = ipaddr.parseCIDR('2000::/3');

/**
 * Whether this is an ordinary address of the internet. Addresses that carry an IPv4 one inside (mapped, NAT64, 6to4,
 * Teredo) are refused whatever they carry: where they lead is decided by a router (security.md F2).
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(globalUnicast));
}

/** The address that a URL names without asking DNS, or nothing if it has a name. */
export function addressLiteral({ hostname }: URL): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(host) ? host : undefined;
}
