import { findMachine, type Machine } from '../db/api-keys.js';
import { RequestError } from './errors.js';
import type { Context } from './http.js';
import type { Services } from './registrations.js';

/**
 * The program that shows an API key. Counts what a key asks, and wrong keys by where they come from: who guesses is slowed
 * down, and whoever has a right key is not, whatever comes from the same address.
 */
export async function identifyMachine(ctx: Context, { db, keys, limits }: Services): Promise<Machine> {
  const [, key] = /^bearer ([\w-]{1,100})$/i.exec(ctx.get('Authorization')) ?? [];
  const machine = key && (await findMachine(db, keys, key));
  if (machine) {
    await limits.consume('requestsPerApiKey', machine.keyId);
    return machine;
  }
  if (key) await limits.consume('wrongApiKeysPerSource', ctx.state.source);
  ctx.set('WWW-Authenticate', key ? 'Bearer error="invalid_token"' : 'Bearer');
  throw new RequestError('apiKeyInvalid');
}
