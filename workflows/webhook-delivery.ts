import { proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import { webhookQueue } from './queues.js';
import type { ServiceInput } from './services.js';

const minute = 60;
const hour = 60 * minute;
/** Seconds before each further try, as the Standard Webhooks suggest: ten tries in three days. */
const retryDelays = [5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];

const webhooks = proxyActivities<Activities>({
  taskQueue: webhookQueue(workflowInfo().taskQueue),
  // The receiver's fifteen seconds, and the database's. When a worker dies in between, the event is sent once more.
  startToCloseTimeout: '25s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});

/**
 * Sends one event to one endpoint, again and again until it is taken or nobody hopes any more. At least once: a receiver
 * knows a repeated one by its webhook-id. The activity says whether to go on, for only it knows the receiver's answer.
 */
export async function webhookDelivery({ id }: ServiceInput): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { retryInSeconds } = await webhooks.deliverWebhook({ deliveryId: id, retryInSeconds: retryDelays[tries] });
    if (retryInSeconds === undefined) return;
    await sleep(`${retryInSeconds}s`);
  }
}
