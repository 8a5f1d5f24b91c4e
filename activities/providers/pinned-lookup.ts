import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address.js';

export interface ResolvedAddress {
  address: string;
  family: number;
}

export type Resolver = (hostname: string) => Promise<ResolvedAddress[]>;

/** All addresses of a name, by the hosts file and DNS. */
export const resolveAll: Resolver = (hostname) => lookup(hostname, { all: true });

/** The name leads, by at least one of its addresses, to where no provider can be. */
export class AddressForbidden extends Error {
  override readonly name = 'AddressForbidden';
}

/**
 * For `net.connect`: what it gives is what is dialled, so nothing can change between check and dial. One address that
 * is not public spoils all, for which of them is taken is chance (security.md F2).
 */
export const publicLookup =
  (resolve: Resolver): LookupFunction =>
  (hostname, options, callback) => {
    publicAddresses(resolve, hostname).then(
      (addresses) =>
        options.all ? callback(null, addresses) : callback(null, addresses[0].address, addresses[0].family),
      (error) => callback(error, []),
    );
  };

async function publicAddresses(resolve: Resolver, hostname: string): Promise<[ResolvedAddress, ...ResolvedAddress[]]> {
  const [first, ...others] = await resolve(hostname);
  if (!first || ![first, ...others].every(({ address }) => isPublicAddress(address))) throw new AddressForbidden();
  return [first, ...others];
}
