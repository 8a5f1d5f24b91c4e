import {
  type ApplicationFailure,
  type Client,
  isGrpcDeadlineError,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
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
  type ServiceWorkflow,
  serviceWorkflowId,
} from '../workflows/messages.js';

/** How the machine took an event; `unavailable` and `processing` say nothing of the event, which may still be applied. */
export type EventResult =
  | { kind: 'taken'; view: RegistrationView }
  | { kind: 'refused'; state: string; allowed: string[] }
  | { kind: 'ended' }
  | { kind: 'processing' }
  | { kind: 'unavailable' };

/** A message that needs no worker is accepted or not within this time (security.md X6). */
const acceptWithin = 1_500; // the client's pauses between tries can outlast it by half
/** Longer, and the row's last recorded state has to do (security.md W6). */
const viewWithin = 800;
/** Shorter than a process that stops may take, which waits for the reconciler's round to end. */
const listWithin = 5_000;
/** How long a person waits for an outcome before being shown that it is under way. */
const answerWithin = 8_000;

/** gRPC's code. */
const failedPrecondition = 9;
const mostAttempts = 3;

export interface EngineOptions {
  client: Client;
  taskQueue: string;
  publicUrl: string;
}

/** The API's side of the registration workflows. */
export class Engine {
  constructor(private readonly options: EngineOptions) {}

  /**
   * Starts the registration's workflow, or asks the running one for a fresh link. Rejects when Temporal is away.
   * A row that is new can have no workflow yet, unless somebody asked for a link meanwhile: then the first mail is due anyway.
   */
  async requestLink(registration: Registration, settings: Settings, isNew = false): Promise<void> {
    const { client, taskQueue, publicUrl } = this.options;
    const { id, reference, kind } = registration;
    const input: RegistrationWorkflowInput = {
      registrationId: id,
      reference,
      kind,
      lifetimes: lifetimes(settings, registration),
      consoleUrl: `${publicUrl}/console/registrations/${reference}`,
      mailAtOnce: true,
    };
    const options: WorkflowStartOptions = {
      workflowId: registrationWorkflowId(reference),
      taskQueue,
      args: [input],
      // A registration has one workflow for ever; what has ended is not run again under its reference.
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      // Without the kind, which the person may change: the current details tell it.
      staticSummary: `Registration ${reference}`,
      staticDetails: `[Open in the Console](${input.consoleUrl})`,
      typedSearchAttributes: [
        { key: registrationStateAttribute, value: 'sendingActivation' },
        { key: registrationKindAttribute, value: kind },
        { key: registrationAttentionAttribute, value: false },
      ],
    };
    const { workflow } = client;
    await client.withDeadline(Date.now() + acceptWithin, () =>
      isNew
        ? startOnce(workflow.start(registrationWorkflowType, options))
        : workflow.signalWithStart(registrationWorkflowType, { ...options, signal: requestLinkSignal, signalArgs: [] }),
    );
  }

  /** Starts a workflow that serves a row which is there already; does nothing if it runs or has run. Needs no worker. */
  async serve(type: ServiceWorkflow, id: string): Promise<void> {
    const { client, taskQueue } = this.options;
    const options: WorkflowStartOptions = {
      workflowId: serviceWorkflowId(type, id),
      taskQueue,
      args: [{ id }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    };
    await client.withDeadline(Date.now() + acceptWithin, () => startOnce(client.workflow.start(type, options)));
  }

  /** References of registrations whose workflow did not end by itself, since then. */
  endedByHand(since: Date): Promise<string[]> {
    return this.closed(since, ['Terminated', 'Canceled', 'Failed', 'TimedOut']);
  }

  /** References of registrations whose workflow has come to its end, since then. */
  endedByThemselves(since: Date): Promise<string[]> {
    return this.closed(since, ['Completed']);
  }

  private async closed(since: Date, states: string[]): Promise<string[]> {
    const query = `WorkflowType = "${registrationWorkflowType}" AND ExecutionStatus IN (${states.map((state) => `"${state}"`)}) AND CloseTime > "${since.toISOString()}"`;
    const { client } = this.options;
    const references: string[] = [];
    await client.withDeadline(Date.now() + listWithin, async () => {
      for await (const { workflowId } of client.workflow.list({ query }))
        references.push(workflowId.slice(registrationWorkflowId('').length));
    });
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

  /** An update to a Temporal that is away would be retried by the client until its own, long deadline (security.md X6). */
  private async isThere(): Promise<boolean> {
    const { client } = this.options;
    const asked = client.withDeadline(Date.now() + acceptWithin, () => client.workflowService.getSystemInfo({}));
    return asked.then(
      () => true,
      () => false,
    );
  }

  /** Sends an event and waits until the machine has settled. The same `updateId` is applied once, whoever sends it. */
  async send(reference: string, event: RegistrationEvent, updateId: string): Promise<EventResult> {
    const { client } = this.options;
    const handle = client.workflow.getHandle(registrationWorkflowId(reference));
    if (!(await this.isThere())) return { kind: 'unavailable' };
    const end = Date.now() + answerWithin;
    for (let attempt = 1; ; attempt++) {
      try {
        const view = await client.withDeadline(end, () =>
          handle.executeUpdate(registrationEventUpdate, { args: [event], updateId }),
        );
        return { kind: 'taken', view };
      } catch (error) {
        if (!isDropped(error) || attempt === mostAttempts) return eventResult(error);
      }
    }
  }
}

/** A workflow that runs, or has run, under this id is the one that was wanted. */
const startOnce = (start: Promise<unknown>): Promise<unknown> =>
  start.catch((error) => {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  });

/**
 * Temporal drops an update whose workflow task it refuses, e.g. because a timer or signal came just when the workflow
 * wanted to end. What the update's effect did is done all the same, so it has to be sent again.
 */
const isDropped = (error: unknown): boolean =>
  error instanceof ServiceError && isGrpcServiceError(error.cause) && error.cause.code === failedPrecondition;

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

function lifetimes(settings: Settings, registration: Registration): Lifetimes {
  return {
    ...(registration.kind === 'invited' ? invitationLifetimes(registration) : openLifetimes(settings)),
    resendCooldown: milliseconds(settings.resend_cooldown_seconds),
    mailRetry: milliseconds(settings.mail_retry_seconds),
    creationRetry: milliseconds(settings.creation_retry_seconds),
    operator: milliseconds(settings.operator_seconds),
    lookupRetry: milliseconds(settings.lookup_retry_seconds),
  };
}

const openLifetimes = (settings: Settings) => ({
  registration: milliseconds(settings.registration_lifetime_seconds),
  ...(settings.reminder_after_seconds === null ? {} : { reminder: milliseconds(settings.reminder_after_seconds) }),
});

/** An invitation ends when its administrator was told; the reminder comes when a third of the time is left. */
function invitationLifetimes({ created_at, expires_at }: Registration) {
  const lifetime = expires_at.getTime() - created_at.getTime();
  return { registration: lifetime, reminder: Math.round((lifetime * 2) / 3) };
}
