import type { Client, WorkflowHandle } from '@temporalio/client';
import { mean } from './statistics.js';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

/** Of the newest ended workflows, on average. */
export interface HistoryFigures {
  events: number;
  bytes: number;
  /** Billable in Temporal Cloud. */
  actions: number;
  workflowTasks: number;
  /** Event types of the newest one, in order. */
  newest: string[];
}

const sampled = 20;
const mostRecentFirst = 'ExecutionStatus = "Completed"';

/** What the newest registrations have left in Temporal. */
export async function inspectHistories(client: Client): Promise<HistoryFigures> {
  const figures: Omit<HistoryFigures, 'newest'>[] = [];
  let newest: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query: mostRecentFirst, pageSize: sampled })) {
    const handle = client.workflow.getHandle(workflowId);
    const [{ historyLength, historySize = 0 }, { events }] = await Promise.all([
      handle.describe(),
      handle.fetchHistory(),
    ]);
    const types = (events ?? []).map(typeOf);
    if (figures.length === 0) newest = types;
    figures.push({
      events: historyLength,
      bytes: historySize,
      actions: billableActions(events ?? []),
      workflowTasks: types.filter((type) => type === 'WorkflowTaskScheduled').length,
    });
    if (figures.length === sampled) break;
  }
  const average = (name: keyof Omit<HistoryFigures, 'newest'>) => mean(figures.map((figure) => figure[name]));
  return {
    events: average('events'),
    bytes: average('bytes'),
    actions: average('actions'),
    workflowTasks: average('workflowTasks'),
    newest,
  };
}

/** Events that are one action each, by https://docs.temporal.io/cloud/actions. */
const actionEvents = new Set([
  'WorkflowExecutionStarted',
  'WorkflowExecutionSignaled',
  'WorkflowExecutionUpdateAccepted',
  'WorkflowExecutionOptionsUpdated',
  'TimerStarted',
]);

/**
 * Actions that Temporal Cloud would bill for a history, by the same page:
 *
 * - A signal that came with the start (it stands directly after it) is one action together with the start.
 * - An activity counts each time it is started, retries included; its start event tells the attempt.
 * - The markers of one workflow task (local activities, patches) are one action, however many they are.
 * - An upsert of search attributes is one action, however many it sets; not those set with the start, nor the SDK's own
 *   `TemporalChangeVersion`.
 * - Not in a history and so not counted: queries, refused updates, heartbeats of local activities that take longer.
 */
export function billableActions(events: HistoryEvent[]): number {
  const tasksWithMarkers = new Set<string>();
  let actions = 0;
  for (const [index, event] of events.entries()) {
    const type = typeOf(event);
    const cameWithStart = type === 'WorkflowExecutionSignaled' && index === 1;
    if (actionEvents.has(type) && !cameWithStart) actions += 1;
    if (type === 'ActivityTaskStarted') actions += event.activityTaskStartedEventAttributes?.attempt ?? 1;
    if (type === 'MarkerRecorded')
      tasksWithMarkers.add(String(event.markerRecordedEventAttributes?.workflowTaskCompletedEventId));
    if (type === 'UpsertWorkflowSearchAttributes' && !isChangeVersion(event)) actions += 1;
  }
  return actions + tasksWithMarkers.size;
}

const isChangeVersion = ({ upsertWorkflowSearchAttributesEventAttributes: upserted }: HistoryEvent): boolean =>
  Object.keys(upserted?.searchAttributes?.indexedFields ?? {}).every((name) => name === 'TemporalChangeVersion');

/** "WorkflowExecutionStarted": of an event's many attribute fields only that of its type is set. */
function typeOf(event: HistoryEvent): string {
  const field = Object.keys(event).find((name) => name.endsWith('EventAttributes')) ?? 'unknownEventAttributes';
  const name = field.slice(0, -'EventAttributes'.length);
  return name.charAt(0).toUpperCase() + name.slice(1);
}
