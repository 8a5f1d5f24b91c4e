import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Middleware } from 'koa';

/**
 * Finds where a request came from: the socket's address, or, behind configured proxies, the right-most hop that is none
 * of them. Whatever stands further left the client wrote itself (security.md L3).
 */
export const koaSource = (trustedProxies: string[]): Middleware => {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) {
    const [address = '', prefix] = proxy.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    trusted.addSubnet(address, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  const isTrusted = (address: string) => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return async (ctx, next) => {
    let source = plain(ctx.req.socket.remoteAddress ?? '');
    const hops = ctx
      .get('X-Forwarded-For')
      .split(',')
      .map((hop) => plain(hop.trim()));
    while (isIP(source) && isTrusted(source) && isIP(hops.at(-1) ?? '')) source = hops.pop()!;
    ctx.state.source = isIPv6(source) ? networkOf(source) : source;
    await next();
  };
};

/** IPv4 in IPv6 clothing is IPv4. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '');

/** One customer line has a whole /64. */
function networkOf(address: string): string {
  const [head = '', tail = ''] = address.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const groups = [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
