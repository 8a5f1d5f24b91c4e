/**
 * A registration, from the accepted e-mail to the account (docs/registration.mmd shows the steps).
 *
 * 1. The steps are the machine's (`machines/registration.ts`); this file gives the effects their time limits, and
 *    translates messages to events.
 * 2. `sendActivationMail` is tried once within the first workflow task, for the person waits for this mail. When the mail
 *    server does not take it at once, and for every later mail, it is an activity of its own: it retries, and shows in the
 *    Temporal UI while it does.
 * 3. `createAccount` runs inside the submit's own workflow task, so that the person's request returns with the outcome;
 *    only when the database does not answer does it become an activity of its own.
 * 4. After a crash anywhere: the row is there before the workflow, every effect may run again and finds what it did.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { AnyMachineSnapshot } from 'xstate';
import type { Activities } from '../activities/activities.js';
import type { RecordTransitionsInput } from '../activities/record-transitions.js';
import type { SendActivationMailInput } from '../activities/send-activation-mail.js';
import {
  effectOutcomes,
  finalNotices,
  type RegistrationEvent,
  type RegistrationKind,
  registrationMachine,
} from '../machines/registration.js';
import type { StateMeta } from '../machines/registration-words.js';
import { Interpreter, stateName } from './interpreter.js';
import {
  type RegistrationView,
  type RegistrationWorkflowInput,
  registrationAttentionAttribute,
  registrationEventSignal,
  registrationEventUpdate,
  registrationKindAttribute,
  registrationStateAttribute,
  registrationStateQuery,
  requestLinkSignal,
} from './messages.js';
import { providerQueue } from './queues.js';

/** Longer than the mail client's own limits, so that its error is seen and not only a timeout (security.md §12). */
const mail = proxyActivities<Activities>({
  summary: 'Activation mail',
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '75s',
  retry: { initialInterval: '2s', maximumInterval: '20s' },
});
/** Longer than the mail client takes at most when it must answer at once. */
const mailAtOnce = proxyLocalActivities<Activities>({ startToCloseTimeout: '3s', retry: { maximumAttempts: 1 } });
/** On a queue of its own: a provider that hangs holds up nobody else (security.md F9). */
const provider = proxyActivities<Activities>({
  summary: 'Partner lookup at the Partner Provider',
  taskQueue: providerQueue(workflowInfo().taskQueue),
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '60s',
  retry: { initialInterval: '2s', maximumInterval: '20s', maximumAttempts: 4 },
});
const database = proxyActivities<Activities>({
  summary: 'Again, after the database did not answer at once',
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '60s',
  retry: { initialInterval: '1s', maximumInterval: '10s' },
});
const outcomeMail = proxyActivities<Activities>({
  summary: 'Mail about the outcome',
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '2s', maximumInterval: '10m' },
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
    runEffect: (name, effectInput, record) =>
      runEffect(name, { registrationId, record, ...effectInput } as never, input.mailAtOnce),
    recordTransitions: (transitions) => recordSteps({ registrationId, transitions }),
    // A mail that says "please wait": the person who reads it on the page need not wait for the mail server too.
    isBackground: (snapshot) => !snapshot.hasTag('busy') && patched('answer-while-telling'),
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
  await CancellationScope.nonCancellable(() => tellOutcome(registrationId, final));
  return { state: stateName(final) };
}

/**
 * An end that somebody asked for is recorded when Temporal has kept the wish: an update is forgotten with a workflow task
 * that Temporal refuses, as it does when something comes in just as the workflow wants to end, or does not live to keep.
 * What was told to be cancelled would go on.
 */
function recordSteps(input: RecordTransitionsInput): Promise<{ endedAs?: string }> {
  const isAskedFor = input.transitions.some(({ final, event }) => final && askedEnds.includes(event));
  if (isAskedFor && patched('keep-the-wish-first')) return untilDone.recordTransitions(input);
  return withinTask.recordTransitions(input).catch(() => untilDone.recordTransitions(input));
}

const askedEnds = ['CANCEL', 'DECLINE'];

function runEffect(name: string, input: never, atOnce = false): Promise<{ outcome: string }> {
  if (name === 'sendActivationMail') return sendActivationMail(input, atOnce);
  if (name === 'notifyLookupDelayed') return mail.notifyLookupDelayed(input);
  if (name === 'notifyApprovalAwaited') return mail.notifyApprovalAwaited(input);
  if (name === 'resolvePartner') return resolvePartner(input);
  if (name === 'createAccount') return withinTask.createAccount(input).catch(() => database.createAccount(input));
  throw new Error(`no activity for the effect ${name}`);
}

function sendActivationMail(input: SendActivationMailInput, atOnce: boolean): Promise<{ outcome: string }> {
  const retried = () => mail.sendActivationMail(input);
  return atOnce && input.sequence === 1 ? mailAtOnce.sendActivationMail(input).catch(retried) : retried();
}

/** Our own code table first, within the task: only a code that is not in it is a matter for the provider. */
async function resolvePartner(input: never): Promise<{ outcome: string }> {
  const found = await withinTask.resolvePartner(input).catch(() => database.resolvePartner(input));
  return found.outcome === 'askProvider' ? provider.lookUpPartner(input) : found;
}

/** Who was told to wait is told what came of it, however the workflow learned of it; a day is long enough to try. */
async function tellOutcome(registrationId: string, final: AnyMachineSnapshot): Promise<void> {
  const { awaited, mailSequence } = final.context;
  if (!awaited || !patched('tell-outcome')) return;
  const template = finalNotices[stateName(final) as keyof typeof finalNotices];
  await outcomeMail.tellOutcome({ registrationId, sequence: mailSequence + 1, template }).catch(() => undefined);
}

/** An event that came without waiting for an answer: one that is not allowed now has come too late, and changes nothing. */
function take(interpreter: Interpreter, event: RegistrationEvent): void {
  if (isEvent(event) && interpreter.can(event)) interpreter.dispatch(event);
}

function isEvent(event: unknown): event is RegistrationEvent {
  const { type, submissionId, kind, partnerId } = (event ?? {}) as Record<string, unknown>;
  if (type === 'SUBMITTED') return typeof submissionId === 'string' && (kind === undefined || isKind(kind));
  if (type === 'ASSIGN_PARTNER') return typeof partnerId === 'string';
  return typeof type === 'string';
}

const isKind = (kind: unknown): kind is RegistrationKind =>
  kind === 'customer' || kind === 'partner' || kind === 'invited';

function assertAllowed(interpreter: Interpreter, event: RegistrationEvent): void {
  if (!isEvent(event))
    throw ApplicationFailure.nonRetryable(
      'an event is an object with a type; SUBMITTED has a submissionId, ASSIGN_PARTNER a partnerId',
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
  const { problem, proven, mailsSent, mailFailures, creationFailures, lookupFailures } = snapshot.context;
  return {
    state: stateName(snapshot),
    tags: [...snapshot.tags] as string[],
    allowed: interpreter.allowed(),
    waitsFor: meta(snapshot).waitsFor,
    problem,
    proven,
    mailsSent,
    failures: { mail: mailFailures, creation: creationFailures, lookup: lookupFailures },
    deadlines: interpreter.deadlines(),
    since: interpreter.since,
  };
}

const meta = (snapshot: AnyMachineSnapshot): StateMeta => Object.values(snapshot.getMeta()).at(-1) as StateMeta;

/** Tells the Temporal UI where the registration stands: search attributes on change only, for each is an event. */
function publisher({ reference, consoleUrl, kind: startedAs }: RegistrationWorkflowInput) {
  let published = 'sendingActivation'; // what the start set
  let publishedKind = startedAs;
  return (snapshot: AnyMachineSnapshot, since: number) => {
    const state = stateName(snapshot);
    const { kind } = snapshot.context;
    const kindChanged = kind !== publishedKind;
    if ((state !== published || kindChanged) && !snapshot.hasTag('busy')) {
      published = state;
      publishedKind = kind;
      upsertSearchAttributes([
        { key: registrationStateAttribute, value: state },
        { key: registrationAttentionAttribute, value: snapshot.hasTag('attention') },
        ...(kindChanged ? [{ key: registrationKindAttribute, value: kind }] : []),
      ]);
    }
    const { title, waitsFor, advice } = meta(snapshot);
    const { problem } = snapshot.context;
    setCurrentDetails(
      [
        `### ${title}`,
        `**${reference}** (${kind}) is in \`${state}\` since ${new Date(since).toISOString()}${problem ? ` (problem: \`${problem}\`)` : ''}.`,
        `- Waits for: ${waitsFor}`,
        `- What to do: ${advice}`,
        `- [Open in the Console](${consoleUrl})`,
      ].join('\n\n'),
    );
  };
}
