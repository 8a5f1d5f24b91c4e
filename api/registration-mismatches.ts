/**
 * Compares all rows of registrations with their workflows, for the time after a restore (security.md R5): the reconciler's
 * rounds look at the ends of the last day only. Works by Temporal's lists, not by asking every workflow.
 */
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import pLimit from 'p-limit';
import { type RecordedRegistration, recordedRegistrations } from '../db/after-restore.js';
import type { Database } from '../db/connection.js';
import { registrationStateAttribute, registrationWorkflowId, registrationWorkflowType } from '../workflows/messages.js';

export interface Mismatch {
  reference: string;
  /** What the row and the workflow say; null: there is none, or of the workflow, none that runs. */
  row: string | null;
  workflow: string | null;
  /** Both say the same state, but the workflow has not heard of the row's last step. */
  workflowIsBehind?: boolean;
}

interface Running {
  state: string | undefined;
  startedAt: number;
}

/** Milliseconds: Temporal's backup is not of one moment, its lists may be newer than its histories. */
const listAhead = 3_600_000;
/** Milliseconds by which the clocks of Temporal and PostgreSQL may differ. */
export const clocksDiffer = 1_000;
const atOnce = 50;
const pageSize = 1_000;
/** gRPC's code. */
const notFound = 5;

export interface Comparison {
  mismatches: Mismatch[];
  /** References of all workflows that run. */
  running: ReadonlySet<string>;
}

/** Every registration whose row and workflow do not stand in the same state; what has ended and says so agrees. */
export async function compareAll(db: Database, client: Client): Promise<Comparison> {
  const running = await listRunning(client);
  const rows = await recordedRegistrations(db, [...running.keys()]);
  const byReference = new Map(rows.map((row) => [row.reference, row]));
  const disagreeing = [...new Set([...byReference.keys(), ...running.keys()])]
    .filter((reference) => byReference.get(reference)?.state !== running.get(reference)?.state)
    .map((reference) => ({
      reference,
      row: byReference.get(reference)?.state ?? null,
      workflow: running.get(reference)?.state ?? null,
    }));
  // What Temporal has started later, it can only know with all that was before.
  const known = [...running.values()].reduce((latest, { startedAt }) => Math.max(latest, startedAt), 0) - listAhead;
  const doubtful = rows.filter(
    ({ reference, state, lastStepAt }) => running.get(reference)?.state === state && lastStepAt > known,
  );
  const mismatches = [...disagreeing, ...(await findBehind(client, doubtful))];
  return { mismatches, running: new Set(running.keys()) };
}

async function listRunning(client: Client): Promise<Map<string, Running>> {
  const query = `WorkflowType = "${registrationWorkflowType}" AND ExecutionStatus = "Running"`;
  const running = new Map<string, Running>();
  for await (const { workflowId, startTime, typedSearchAttributes } of client.workflow.list({ query, pageSize }))
    running.set(workflowId.slice(registrationWorkflowId('').length), {
      state: typedSearchAttributes.get(registrationStateAttribute),
      startedAt: startTime.getTime(),
    });
  return running;
}

/** Of rows that say what their workflow says: those with a step that is later than the end of the workflow's history. */
async function findBehind(client: Client, rows: RecordedRegistration[]): Promise<Mismatch[]> {
  const limit = pLimit(atOnce);
  const found = await Promise.all(
    rows.map(({ reference, state, lastStepAt }) =>
      limit(async () => {
        const end = await lastEventAt(client, reference);
        if (end === undefined) return [{ reference, row: state, workflow: null }];
        return lastStepAt > end + clocksDiffer
          ? [{ reference, row: state, workflow: state, workflowIsBehind: true }]
          : [];
      }),
    ),
  );
  return found.flat();
}

/** Epoch milliseconds; undefined when the list knows a workflow that is not there. */
async function lastEventAt(client: Client, reference: string): Promise<number | undefined> {
  try {
    const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: client.options.namespace,
      execution: { workflowId: registrationWorkflowId(reference) },
      maximumPageSize: 1,
    });
    const time = history?.events?.[0]?.eventTime;
    return Number(time?.seconds ?? 0) * 1_000 + Math.floor((time?.nanos ?? 0) / 1_000_000);
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === notFound) return undefined;
    throw error;
  }
}

/** Ends these workflows. One that a list has missed ends by itself: a row that has ended cannot be moved on. */
export async function terminateWorkflows(client: Client, references: string[], reason: string): Promise<void> {
  const limit = pLimit(atOnce);
  await Promise.all(
    references.map((reference) =>
      limit(async () => {
        try {
          await client.workflow.getHandle(registrationWorkflowId(reference)).terminate(reason);
        } catch (error) {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }
      }),
    ),
  );
}
