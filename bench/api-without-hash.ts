/**
 * The product's API with everything but the work of argon2id, to see what stands beside that chosen cost. Only the
 * library's two functions are replaced, before the API loads it; nothing in the product knows of this.
 */
import { createRequire } from 'node:module';
import { noHash } from './no-hash.js';

const argon2 = createRequire(import.meta.url)('@node-rs/argon2');
argon2.hash = async () => noHash;
argon2.verify = async () => false;
await import('../api/server.js');
