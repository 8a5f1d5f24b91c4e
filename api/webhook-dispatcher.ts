import { claimDeliveries, giveBack } from '../db/webhook-deliveries.js';
import type { Services } from './registrations.js';

/** Milliseconds between two looks. */
const every = 1_000;
/** While the engine is away there is no use in asking each second. */
const pauseAfterFailure = 5_000;
const batch = 50;

/**
 * Hands deliveries of webhooks to the engine, at once or, while it is away, when it is back: until then they stay in
 * their table. Any number of API processes do it side by side. Returns the function that stops it.
 */
export function startWebhookDispatcher(services: Services): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  const plan = (delay: number) => {
    if (!stopped) timer = setTimeout(look, delay);
  };
  const look = () => {
    round = dispatch(services).then(
      (count) => plan(count === batch ? 0 : every),
      (error) => {
        services.log.warn({ err: error }, 'deliveries of webhooks were not handed to the engine; they wait');
        plan(pauseAfterFailure);
      },
    );
  };
  plan(every);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await round;
  };
}

/** One look; resolves with how many deliveries were handed on. */
async function dispatch({ db, engine }: Services): Promise<number> {
  const ids = await claimDeliveries(db, batch);
  const handed = await Promise.allSettled(ids.map((id) => engine.serve('webhookDelivery', id)));
  const left = ids.filter((_, index) => handed[index]?.status === 'rejected');
  if (left.length > 0) {
    await giveBack(db, left);
    throw handed.find((result) => result.status === 'rejected')?.reason;
  }
  return ids.length;
}
