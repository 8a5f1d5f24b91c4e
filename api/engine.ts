import {
  type ApplicationFailure,
  type Client,
  isGrpcDeadlineError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Registration, Settings } from '../db/models.js';
import type { Lifetimes, RegistrationEvent } from '../machines/registration.js';
import {
  type RegistrationView,
  type RegistrationWorkflowInput,
  registrationAttentionAttribute,
  registrationEventSignal,
  registrationEventUpdate,
  registrationKindAttribute,
  registrationStateAttribute,
  registrationStateQuery,
  registrationWorkflowId,
  registrationWorkflowType,
  requestLinkSignal,
} from '../workflows/messages.js';

/** How the machine took an event; `unavailable` and `processing` say nothing of the event, which may still be applied. */
export type EventResult =
  | { kind: 'taken'; view: RegistrationView }
  | { kind: 'refused'; state: string; allowed: string[] }
  | { kind: 'ended' }
  | { kind: 'processing' }
  | { kind: 'unavailable' };

/** A message that needs no worker is accepted or not within this time (security.md X6). */
const acceptWithin = 2_000;
/** Longer, and the row's last recorded state has to do (security.md W6). */
const viewWithin = 800;
/** How long a person waits for an outcome before being shown that it is under way. */
const answerWithin = 8_000;

export interface EngineOptions {
  client: Client;
  taskQueue: string;
  publicUrl: string;
}

/** The API's side of the registration workflows. */
export class Engine {
  constructor(private readonly options: EngineOptions) {}

  /** Starts the registration's workflow, or asks the running one for a fresh link. Rejects when Temporal is away. */
  async requestLink(registration: Registration, settings: Settings): Promise<void> {
    const { client, taskQueue, publicUrl } = this.options;
    const { id, reference, kind } = registration;
    const input: RegistrationWorkflowInput = {
      registrationId: id,
      reference,
      kind,
      lifetimes: lifetimes(settings),
      consoleUrl: `${publicUrl}/console`,
    };
    await client.withDeadline(Date.now() + acceptWithin, () =>
      client.workflow.signalWithStart(registrationWorkflowType, {
        workflowId: registrationWorkflowId(reference),
        taskQueue,
        args: [input],
        signal: requestLinkSignal,
        signalArgs: [],
        // A registration has one workflow for ever; what has ended is not run again under its reference.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: `${kind} registration ${reference}`,
        staticDetails: `[Open in the Console](${input.consoleUrl})`,
        typedSearchAttributes: [
          { key: registrationStateAttribute, value: 'sendingActivation' },
          { key: registrationKindAttribute, value: kind },
          { key: registrationAttentionAttribute, value: false },
        ],
      }),
    );
  }

  /** References of registrations whose workflow did not end by itself, since then. */
  async endedByHand(since: Date): Promise<string[]> {
    const states = '"Terminated", "Canceled", "Failed", "TimedOut"';
    const query = `WorkflowType = "${registrationWorkflowType}" AND ExecutionStatus IN (${states}) AND CloseTime > "${since.toISOString()}"`;
    const references: string[] = [];
    for await (const { workflowId } of this.options.client.workflow.list({ query }))
      references.push(workflowId.slice(registrationWorkflowId('').length));
    return references;
  }

  /** Sends an event that nobody waits for; needs no worker. Rejects when Temporal is away. */
  async signal(reference: string, event: RegistrationEvent): Promise<void> {
    const { client } = this.options;
    await client.withDeadline(Date.now() + acceptWithin, () =>
      client.workflow.getHandle(registrationWorkflowId(reference)).signal(registrationEventSignal, event),
    );
  }

  /** What the workflow says of itself; undefined when no worker answers in time. */
  async view(reference: string): Promise<RegistrationView | undefined> {
    const { client } = this.options;
    const handle = client.workflow.getHandle(registrationWorkflowId(reference));
    return client
      .withDeadline(Date.now() + viewWithin, () => handle.query(registrationStateQuery))
      .catch(() => undefined);
  }

  /** Sends an event and waits until the machine has settled. The same `updateId` is applied once, whoever sends it. */
  async send(reference: string, event: RegistrationEvent, updateId: string): Promise<EventResult> {
    const { client } = this.options;
    const handle = client.workflow.getHandle(registrationWorkflowId(reference));
    try {
      const view = await client.withDeadline(Date.now() + answerWithin, () =>
        handle.executeUpdate(registrationEventUpdate, { args: [event], updateId }),
      );
      return { kind: 'taken', view };
    } catch (error) {
      return eventResult(error);
    }
  }
}

function eventResult(error: unknown): EventResult {
  if (error instanceof WorkflowUpdateFailedError) {
    const failure = error.cause as ApplicationFailure;
    if (failure?.type !== 'EventNotAllowed') throw error;
    return { kind: 'refused', ...(failure.details?.[0] as { state: string; allowed: string[] }) };
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error))
    return { kind: 'processing' };
  if (error instanceof WorkflowNotFoundError) return { kind: 'ended' };
  if (error instanceof ServiceError) return { kind: 'unavailable' };
  throw error;
}

const milliseconds = (seconds: number) => seconds * 1_000;

function lifetimes(settings: Settings): Lifetimes {
  return {
    registration: milliseconds(settings.registration_lifetime_seconds),
    ...(settings.reminder_after_seconds === null ? {} : { reminder: milliseconds(settings.reminder_after_seconds) }),
    resendCooldown: milliseconds(settings.resend_cooldown_seconds),
    mailRetry: milliseconds(settings.mail_retry_seconds),
    creationRetry: milliseconds(settings.creation_retry_seconds),
    operator: milliseconds(settings.operator_seconds),
  };
}
