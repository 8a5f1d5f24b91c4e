import { Engine } from '../../api/engine.js';
import { defaultLimits, RateLimits } from '../../api/rate-limits.js';
import { reconcile } from '../../api/reconciler.js';
import { createLog } from '../../db/log.js';
import { SecretKeys } from '../../db/secret-keys.js';
import type { Stack } from './stack.js';

/** One round of the reconciler, that does not wait for the grace time to pass. */
export async function reconcileNow({ db, temporal, env }: Stack): Promise<void> {
  const keys = SecretKeys.parse(env.SECRET_KEYS ?? '');
  const unlimited = { ...defaultLimits, mailsPerMailboxMinute: 100, mailsOverall: 1_000 };
  const engine = new Engine({ client: temporal, taskQueue: 'registration', publicUrl: env.PUBLIC_URL ?? '' });
  const services = { db, engine, keys, log: createLog('test', 'silent'), limits: new RateLimits(db, unlimited, keys) };
  await reconcile(services, 0);
}
