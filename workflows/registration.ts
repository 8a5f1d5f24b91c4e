/**
 * A registration, from the accepted e-mail to the account (docs/registration.mmd shows the steps).
 *
 * 1. The steps are the machine's (`machines/registration.ts`); this file gives the effects their time limits, and
 *    translates messages to events.
 * 2. `sendActivationMail` is an activity of its own: it retries, and shows in the Temporal UI while it does.
 * 3. `createAccount` runs inside the submit's own workflow task, so that the person's request returns with the outcome;
 *    only when the database does not answer does it become an activity of its own.
 * 4. After a crash anywhere: the row is there before the workflow, every effect may run again and finds what it did.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { AnyMachineSnapshot } from 'xstate';
import type { Activities } from '../activities/activities.js';
import { effectOutcomes, type RegistrationEvent, registrationMachine } from '../machines/registration.js';
import type { StateMeta } from '../machines/registration-words.js';
import { Interpreter, stateName } from './interpreter.js';
import {
  type RegistrationView,
  type RegistrationWorkflowInput,
  registrationAttentionAttribute,
  registrationEventSignal,
  registrationEventUpdate,
  registrationStateAttribute,
  registrationStateQuery,
  requestLinkSignal,
} from './messages.js';

/** Longer than the mail client's own limits, so that its error is seen and not only a timeout (security.md §12). */
const mail = proxyActivities<Activities>({
  summary: 'Activation mail',
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '75s',
  retry: { initialInterval: '2s', maximumInterval: '20s' },
});
const database = proxyActivities<Activities>({
  summary: 'Account creation, after the database did not answer at once',
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '60s',
  retry: { initialInterval: '1s', maximumInterval: '10s' },
});
/** For what must not be given up: it waits for the database as long as it takes. */
const untilDone = proxyActivities<Activities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});
const withinTask = proxyLocalActivities<Activities>({
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '100ms', maximumAttempts: 3 },
});

export async function registration(input: RegistrationWorkflowInput): Promise<{ state: string }> {
  const { registrationId } = input;
  const interpreter = new Interpreter({
    machine: registrationMachine,
    input: { kind: input.kind, lifetimes: input.lifetimes },
    outcomes: effectOutcomes,
    runEffect: (name, effectInput, record) => runEffect(name, { registrationId, record, ...effectInput } as never),
    recordTransitions: (transitions) =>
      withinTask
        .recordTransitions({ registrationId, transitions })
        .catch(() => untilDone.recordTransitions({ registrationId, transitions })),
    describe: (snapshot) => ({
      attention: snapshot.hasTag('attention'),
      final: snapshot.status !== 'active',
      problem: snapshot.context.problem,
    }),
    publish: publisher(input),
  });

  setHandler(registrationStateQuery, () => view(interpreter), { description: 'Where it stands and what it takes now' });
  setHandler(requestLinkSignal, () => void take(interpreter, { type: 'LINK_REQUESTED', actor: 'registrant' }), {
    description: 'The person asked for a (fresh) link; ignored while one is on its way or just went out',
  });
  setHandler(registrationEventSignal, (event) => void take(interpreter, event), {
    description: 'One event, e.g. {"type":"RETRY","actor":"operator"}; ignored when not allowed. For batches',
  });
  setHandler(
    registrationEventUpdate,
    async (event) => {
      interpreter.dispatch(event);
      await condition(() => interpreter.settled);
      return view(interpreter);
    },
    {
      description: 'One event, e.g. {"type":"RETRY","actor":"operator"}; refused when not allowed, answers when done',
      validator: (event) => assertAllowed(interpreter, event),
    },
  );

  // "Request Cancellation" of the Temporal UI means what CANCEL means: an event, which the machine may refuse.
  CancellationScope.current().cancelRequested.catch(() => take(interpreter, { type: 'CANCEL', actor: 'temporal' }));
  const final = await CancellationScope.nonCancellable(() => interpreter.run());
  return { state: stateName(final) };
}

function runEffect(name: string, input: never): Promise<{ outcome: string }> {
  if (name === 'sendActivationMail') return mail.sendActivationMail(input);
  if (name === 'createAccount') return withinTask.createAccount(input).catch(() => database.createAccount(input));
  throw new Error(`no activity for the effect ${name}`);
}

/** An event that came without waiting for an answer: one that is not allowed now has come too late, and changes nothing. */
function take(interpreter: Interpreter, event: RegistrationEvent): void {
  if (isEvent(event) && interpreter.can(event)) interpreter.dispatch(event);
}

function isEvent(event: unknown): event is RegistrationEvent {
  const { type, submissionId } = (event ?? {}) as { type?: unknown; submissionId?: unknown };
  return typeof type === 'string' && (type !== 'SUBMITTED' || typeof submissionId === 'string');
}

function assertAllowed(interpreter: Interpreter, event: RegistrationEvent): void {
  if (!isEvent(event))
    throw ApplicationFailure.nonRetryable(
      'an event is an object with a type, SUBMITTED has a submissionId',
      'MalformedEvent',
    );
  if (interpreter.can(event)) return;
  const state = stateName(interpreter.snapshot);
  throw ApplicationFailure.nonRetryable(`${event.type} is not allowed in ${state}`, 'EventNotAllowed', {
    state,
    allowed: interpreter.allowed(),
  });
}

function view(interpreter: Interpreter): RegistrationView {
  const { snapshot } = interpreter;
  const { problem, proven, mailsSent, mailFailures, creationFailures } = snapshot.context;
  return {
    state: stateName(snapshot),
    tags: [...snapshot.tags] as string[],
    allowed: interpreter.allowed(),
    waitsFor: meta(snapshot).waitsFor,
    problem,
    proven,
    mailsSent,
    failures: { mail: mailFailures, creation: creationFailures },
    deadlines: interpreter.deadlines(),
    since: interpreter.since,
  };
}

const meta = (snapshot: AnyMachineSnapshot): StateMeta => Object.values(snapshot.getMeta()).at(-1) as StateMeta;

/** Tells the Temporal UI where the registration stands: search attributes on change only, for each is an event. */
function publisher({ reference, consoleUrl }: RegistrationWorkflowInput) {
  let published = 'sendingActivation'; // what the start set
  return (snapshot: AnyMachineSnapshot, since: number) => {
    const state = stateName(snapshot);
    if (state !== published && !snapshot.hasTag('busy')) {
      published = state;
      upsertSearchAttributes([
        { key: registrationStateAttribute, value: state },
        { key: registrationAttentionAttribute, value: snapshot.hasTag('attention') },
      ]);
    }
    const { title, waitsFor, advice } = meta(snapshot);
    const { problem } = snapshot.context;
    setCurrentDetails(
      [
        `### ${title}`,
        `**${reference}** is in \`${state}\` since ${new Date(since).toISOString()}${problem ? ` (problem: \`${problem}\`)` : ''}.`,
        `- Waits for: ${waitsFor}`,
        `- What to do: ${advice}`,
        `- [Open in the Console](${consoleUrl})`,
      ].join('\n\n'),
    );
  };
}
