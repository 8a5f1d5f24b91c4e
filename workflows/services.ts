/** Workflows that serve one row of a table (`messages.ts`): the row says what is wanted, the workflow sees it done. */
import { continueAsNew, getExternalWorkflowHandle, proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import { registrationEventSignal, registrationWorkflowId } from './messages.js';
import { providerQueue } from './queues.js';

export interface ServiceInput {
  /** Of the row. */
  id: string;
}

const untilDone = proxyActivities<Activities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});
const mail = proxyActivities<Activities>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '2s', maximumInterval: '10m' },
});
const provider = proxyActivities<Activities>({
  taskQueue: providerQueue(workflowInfo().taskQueue),
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '30s',
  retry: { maximumAttempts: 1 },
});

/**
 * Sends RETRY to every registration of a batch, some at a time. One that takes no RETRY any more ignores it; one whose
 * workflow is gone is passed over. Survives any restart: what was sent is noted, and sending twice does no harm.
 */
export async function retryBatch(input: ServiceInput): Promise<void> {
  for (;;) {
    const { references } = await untilDone.nextOfBatch({ batchId: input.id });
    if (references.length === 0) return;
    await Promise.all(references.map(sendRetry));
    await untilDone.noteSent({ batchId: input.id, references });
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof retryBatch>(input);
  }
}

const sendRetry = (reference: string) =>
  getExternalWorkflowHandle(registrationWorkflowId(reference))
    .signal(registrationEventSignal, { type: 'RETRY', actor: 'operator' })
    .catch(() => undefined);

/** Mails a notice; tried for a day. */
export async function notice({ id }: ServiceInput): Promise<void> {
  await mail.sendNotice({ noticeId: id });
}

/** Looks a sample code up as a registration would, and writes the result to the test's row. */
export async function providerTest({ id }: ServiceInput): Promise<void> {
  await provider.testProvider({ testId: id });
}

/**
 * Sees a request to join through: the administrator is asked, reminded once, and what nobody answers ends. What was
 * decided meanwhile stands in the row, so that it needs no message.
 */
export async function joinRequest({ id }: ServiceInput): Promise<void> {
  for (;;) {
    const { noticeId, waitFor } = await untilDone.advanceJoinRequest({ requestId: id });
    // A mail that cannot be sent for a day must not keep the request from ending.
    if (noticeId) await mail.sendNotice({ noticeId }).catch(() => undefined);
    if (waitFor === undefined) return;
    await sleep(waitFor, { summary: 'Until the reminder, or the end' });
  }
}
