/**
 * The least that Temporal can be asked for a registration: the commands of the product's happy path in the same order,
 * with nothing done in between. Its history must have the same event types as a registration's; the bench compares.
 */
import {
  allHandlersFinished,
  condition,
  proxyLocalActivities,
  proxySinks,
  type Sinks,
  setHandler,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { registrationAttentionAttribute, registrationStateAttribute } from '../workflows/messages.js';
import { type FloorActivities, type FloorInput, submitUpdate } from './floor-messages.js';

export interface FloorSinks extends Sinks {
  bench: { settled(): void };
}

const { sendMail, createAccount } = proxyLocalActivities<FloorActivities>({ startToCloseTimeout: '4s' });
const { bench } = proxySinks<FloorSinks>();

export async function floor({ lifetime }: FloorInput): Promise<{ state: string }> {
  let submitted = false;
  setHandler(submitUpdate, async () => {
    await createAccount();
    publish('completed');
    submitted = true;
    return { state: 'completed' };
  });
  void sleep(lifetime);
  await sendMail();
  publish('awaitingProof');
  bench.settled();
  await condition(() => submitted);
  await condition(allHandlersFinished);
  return { state: 'completed' };
}

function publish(state: string): void {
  upsertSearchAttributes([
    { key: registrationStateAttribute, value: state },
    { key: registrationAttentionAttribute, value: false },
  ]);
}
