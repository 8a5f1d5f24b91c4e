/** The real workflow on the time-skipping test server, with mock activities for each registration. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, type WorkflowHandle } from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../../activities/activities.js';
import { findTestServer } from '../../dev/temporal-cli.js';
import type { Lifetimes, RegistrationKind } from '../../machines/registration.js';
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
  type ServiceWorkflow,
  serviceWorkflowId,
} from '../../workflows/messages.js';
import { providerQueue, webhookQueue } from '../../workflows/queues.js';
import { eventually, within } from '../helpers/eventually.js';
import { input, type MachineEvent } from '../machines/paths.js';
import { type Line, Records, settle } from './records.js';

export type { Activities };
export const workflowBundle = { codePath: fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url)) };

/** `IndexedValueType` of Temporal's API: keyword and bool. */
const searchAttributes = { RegistrationState: 2, RegistrationKind: 2, RegistrationAttention: 5 };
const taskQueue = 'registrations';

/** Activities of workflows that serve one row. */
type ServiceActivities = Pick<
  Activities,
  'nextOfBatch' | 'noteSent' | 'sendNotice' | 'testProvider' | 'deliverWebhook' | 'advanceJoinRequest'
>;
type RegistrationActivities = Omit<Activities, keyof ServiceActivities>;

export class Engine {
  private readonly ended: Promise<unknown>;

  private constructor(
    readonly env: TestWorkflowEnvironment,
    /** Does not skip time while it waits for a result. */
    readonly client: Client,
    readonly workers: Worker[],
    private readonly opened: Map<string, Opened>,
    private readonly services: Map<string, Partial<ServiceActivities>>,
  ) {
    this.ended = Promise.all(workers.map((worker) => worker.run()));
  }

  static async start(options: Partial<WorkerOptions> = {}): Promise<Engine> {
    quieten();
    const executable = { type: 'existing-path', path: await findTestServer() } as const;
    const identity = 'recorder';
    const env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable }, client: { identity } });
    const { connection, nativeConnection } = env;
    await connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
    const opened = new Map<string, Opened>();
    const services = new Map<string, Partial<ServiceActivities>>();
    const of = (input: { registrationId: string }) => opened.get(input.registrationId)!.activities;
    const activities: Activities = {
      sendActivationMail: (input) => of(input).sendActivationMail(input),
      resolvePartner: (input) => of(input).resolvePartner(input),
      lookUpPartner: (input) => of(input).lookUpPartner(input),
      notifyLookupDelayed: (input) => of(input).notifyLookupDelayed(input),
      notifyApprovalAwaited: (input) => of(input).notifyApprovalAwaited(input),
      createAccount: (input) => of(input).createAccount(input),
      recordTransitions: (input) => of(input).recordTransitions(input),
      tellOutcome: (input) => of(input).tellOutcome(input),
      nextOfBatch: (input) => services.get(input.batchId)!.nextOfBatch!(input),
      noteSent: (input) => services.get(input.batchId)!.noteSent!(input),
      advanceJoinRequest: (input) => services.get(input.requestId)!.advanceJoinRequest!(input),
      sendNotice: (input) => services.get(input.noticeId)!.sendNotice!(input),
      testProvider: (input) => services.get(input.testId)!.testProvider!(input),
      deliverWebhook: (input) => services.get(input.deliveryId)!.deliverWebhook!(input),
    };
    const shared = { connection: nativeConnection, identity, activities, ...options };
    const workers = await Promise.all([
      Worker.create({ ...shared, taskQueue, workflowBundle }),
      // As the worker has it: what asks the provider runs apart.
      Worker.create({ ...shared, taskQueue: providerQueue(taskQueue) }),
      Worker.create({ ...shared, taskQueue: webhookQueue(taskQueue) }),
    ]);
    return new Engine(env, new Client({ connection, identity }), workers, opened, services);
  }

  /** Starts a registration as the API does, with the attributes of the first state. */
  async open(
    changed: Partial<Lifetimes> = {},
    mocks: Mocks = () => ({}),
    kind: RegistrationKind = 'customer',
    started: Partial<RegistrationWorkflowInput> = {},
  ): Promise<Opened> {
    const registrationId = randomUUID();
    const opened = new Opened(this, registrationId);
    const { records } = opened;
    opened.activities = {
      sendActivationMail: (input) => settle(records, input, 'sent'),
      resolvePartner: (input) => settle(records, input, 'found'),
      lookUpPartner: (input) => settle(records, input, 'found'),
      notifyLookupDelayed: (input) => settle(records, input, 'told'),
      notifyApprovalAwaited: (input) => settle(records, input, 'told'),
      createAccount: (input) => settle(records, input, 'created'),
      tellOutcome: async () => {},
      recordTransitions: async ({ transitions }) => {
        records.write(transitions);
        return {};
      },
      ...mocks(opened),
    };
    this.opened.set(registrationId, opened);
    const reference = `RG-${registrationId.slice(0, 4)}-${registrationId.slice(4, 8)}`.toUpperCase();
    const args: [RegistrationWorkflowInput] = [
      {
        registrationId,
        reference,
        consoleUrl: `https://vestibule.example/console/${reference}`,
        mailAtOnce: true,
        ...input(changed),
        kind,
        ...started,
      },
    ];
    opened.handle = await this.client.workflow.start(registrationWorkflowType, {
      workflowId: registrationWorkflowId(reference),
      taskQueue,
      args,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `${kind} registration ${reference}`,
      typedSearchAttributes: [
        { key: registrationStateAttribute, value: 'sendingActivation' },
        { key: registrationKindAttribute, value: kind },
        { key: registrationAttentionAttribute, value: false },
      ],
    });
    return opened;
  }

  /** The activities that serve another row, such as a notice that the workflow sends. */
  know(id: string, activities: Partial<ServiceActivities>): void {
    this.services.set(id, activities);
  }

  /** Starts a workflow that serves one row, with the activities that know the row. */
  async serve(type: ServiceWorkflow, activities: Partial<ServiceActivities>, id: string = randomUUID()) {
    this.services.set(id, activities);
    return this.client.workflow.start(type, { workflowId: serviceWorkflowId(type, id), taskQueue, args: [{ id }] });
  }

  /** Lets this much time pass, skipped unless an activity runs. */
  sleep(time: number | Duration): Promise<void> {
    return within(`${time} are skipped`, this.env.sleep(time));
  }

  async stop(): Promise<void> {
    for (const worker of this.workers) worker.shutdown();
    await this.ended;
    await this.env.teardown();
  }
}

export type HistoryEvent = { eventId: string; eventType: string } & Record<string, unknown>;

export type Mocks = (opened: Opened) => Partial<RegistrationActivities>;

/** One registration: what its mock activities recorded, and its running workflow. */
export class Opened {
  readonly records = new Records();
  activities!: RegistrationActivities;
  handle!: WorkflowHandle;

  constructor(
    private readonly engine: Engine,
    readonly registrationId: string,
  ) {}

  get reference(): string {
    return this.handle.workflowId.replace('registration-', '');
  }

  view(): Promise<RegistrationView> {
    return this.handle.query(registrationStateQuery);
  }

  update(event: Happening, updateId: string = randomUUID()): Promise<RegistrationView> {
    const answer = this.handle.executeUpdate(registrationEventUpdate, { args: [event as never], updateId });
    return within('an update is answered', answer);
  }

  signal(event: Happening): Promise<void> {
    return this.handle.signal(registrationEventSignal, event as never);
  }

  /** A query may be answered while a workflow task is still going on, so it is asked until it fits. */
  async viewWhen(fits: (view: RegistrationView) => boolean): Promise<RegistrationView> {
    let seen: RegistrationView | undefined;
    const fitting = async () => {
      seen = await this.view();
      return fits(seen) && seen;
    };
    return soon(`a view for which ${fits}`, fitting).catch((error) => {
      throw new Error(`${error.message}; seen was ${JSON.stringify(seen)}`, { cause: error });
    });
  }

  /** Resolves when the registration rests in this state, every step recorded. */
  async rests(state: string): Promise<RegistrationView> {
    await this.records.until(() => this.records.state === state);
    return this.viewWhen((view) => view.state === state);
  }

  /** Lets time pass until the timer of this name is due. */
  async pass(timerName: string): Promise<void> {
    const { deadlines } = await this.view();
    await this.engine.sleep(deadlines[timerName]! - (await this.engine.env.currentTimeMs()));
  }

  /** The history as it is shown and saved, with readable types. */
  async history(): Promise<HistoryEvent[]> {
    const { events } = JSON.parse(historyToJSON(await this.handle.fetchHistory())) as { events: HistoryEvent[] };
    return events;
  }

  /** "WORKFLOW_TASK_COMPLETED" and so on, in order. */
  async eventTypes(): Promise<string[]> {
    return (await this.history()).map(({ eventType }) => eventType.replace('EVENT_TYPE_', ''));
  }

  /**
   * Until nothing runs. Whoever leaves a state whose effect ends just then meets a fault of the test server, which
   * refuses the workflow task that cancels the activity; Temporal itself does not mind.
   */
  async quiet(): Promise<void> {
    await soon('nothing runs', async () => {
      const types = await this.eventTypes();
      const count = (pattern: RegExp) => types.filter((type) => pattern.test(type)).length;
      const tasksEnded = count(/^WORKFLOW_TASK_(COMPLETED|FAILED|TIMED_OUT)$/) === count(/^WORKFLOW_TASK_SCHEDULED$/);
      const activitiesEnded =
        count(/^ACTIVITY_TASK_(COMPLETED|FAILED|TIMED_OUT|CANCELED)$/) === count(/^ACTIVITY_TASK_SCHEDULED$/);
      return tasksEnded && activitiesEnded;
    });
  }

  async historyHas(eventType: string): Promise<void> {
    await soon(eventType, async () => (await this.eventTypes()).includes(eventType));
  }

  /** What the workflow ends with. */
  result(): Promise<{ state: string }> {
    return ended(this.handle) as Promise<{ state: string }>;
  }

  async isRunning(): Promise<boolean> {
    return (await this.handle.describe()).status.name === 'RUNNING';
  }

  recorded(): Line[] {
    return this.records.inOrder();
  }
}

/** An event as a person or an operator may send it. */
export type Happening = Omit<MachineEvent, 'at' | 'output'> & { actor?: string };

/** Asks the test server, which is quick to answer. */
const soon: typeof eventually = (what, probe) => eventually(what, probe, 60_000, 5);

/** What a workflow ends with. */
export const ended = (handle: Pick<WorkflowHandle, 'result' | 'workflowId'>): Promise<unknown> =>
  within(`${handle.workflowId} ends`, handle.result());

let isQuiet = false;
/** Expected failures of activities would fill the screen. */
export function quieten(): void {
  if (isQuiet) return;
  isQuiet = true;
  const filter = makeTelemetryFilterString({ core: 'ERROR' });
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter } } });
}
