/** What the names in the chart (`registration.ts`) mean: guards, delays, actions and effects. Pure, like the chart. */
import { assign, fromPromise, setup } from 'xstate';
import type {
  Effects,
  MailPurpose,
  Outcome,
  RegistrationContext,
  RegistrationEvent,
  RegistrationInput,
  RegistrationKind,
  RegistrationProblem,
} from './registration-types.js';
import type { StateMeta } from './registration-words.js';

const maxCreationRetries = 10;
/** With pauses that have stopped growing at 160 minutes this is eleven days; then an operator has to look. */
const maxLookupRetries = 100;
const defaultLookupRetry = 5 * 60_000;
/** Exponential pauses stop growing at 32 times the first one. */
const growing = (pause: number, failures: number) => pause * 2 ** Math.min(Math.max(failures - 1, 0), 5);

/** An effect is declared here and run by the interpreter. */
const effect = <E extends keyof Effects, Input>() =>
  fromPromise<{ outcome: Outcome<E> }, Input>(() => Promise.reject(new Error('effects are run by the interpreter')));

export const registrationParts = setup({
  types: {} as {
    context: RegistrationContext;
    events: RegistrationEvent;
    input: RegistrationInput;
    meta: StateMeta;
    tags: 'busy' | 'person' | 'attention';
  },
  actors: {
    sendActivationMail: effect<'sendActivationMail', { sequence: number; purpose: MailPurpose }>(),
    resolvePartner: effect<'resolvePartner', { submissionId: string }>(),
    notifyLookupDelayed: effect<'notifyLookupDelayed', { sequence: number }>(),
    notifyApprovalAwaited: effect<'notifyApprovalAwaited', { sequence: number }>(),
    createAccount: effect<'createAccount', { submissionId: string; approved: boolean; partnerId?: string }>(),
  },
  guards: {
    hasOutcome: ({ event }, outcome: Outcome<keyof Effects>) =>
      (event as { output?: { outcome?: string } }).output?.outcome === outcome,
    isPartner: ({ context, event }) => ((event as { kind?: RegistrationKind }).kind ?? context.kind) === 'partner',
    isAwaited: ({ context }) => context.awaited,
    hasOutcomeAwaited: ({ context, event }, outcome: Outcome<keyof Effects>) =>
      context.awaited && (event as { output?: { outcome?: string } }).output?.outcome === outcome,
    isProven: ({ context }) => context.proven,
    isUnproven: ({ context }) => !context.proven,
    hasCooledDown: ({ context, event }) =>
      (event.at ?? 0) - (context.mailedAt ?? 0) >= context.lifetimes.resendCooldown,
    isReminderDue: ({ context }) => !context.reminded && context.lifetimes.reminder !== undefined,
    hasCreationRetriesLeft: ({ context }) => context.creationFailures <= maxCreationRetries,
    hasLookupRetriesLeft: ({ context }) => context.lookupFailures <= maxLookupRetries,
    // A refused address stays refused; only an operator or the person can change that.
    isMailRetryable: ({ context }) => context.problem === 'mailServerUnavailable',
  },
  delays: {
    reminderOrExpiry: ({ context: { lifetimes, reminded } }) =>
      reminded ? lifetimes.registration - (lifetimes.reminder ?? 0) : (lifetimes.reminder ?? lifetimes.registration),
    mailRetry: ({ context }) => growing(context.lifetimes.mailRetry, context.mailFailures),
    lookupRetry: ({ context }) => growing(context.lifetimes.lookupRetry ?? defaultLookupRetry, context.lookupFailures),
    creationRetry: ({ context }) => growing(context.lifetimes.creationRetry, context.creationFailures),
    operatorDeadline: ({ context }) => context.lifetimes.operator,
  },
  actions: {
    planNextMail: assign({
      mailSequence: ({ context }) => context.mailSequence + 1,
      mailPurpose: 'activation',
    }),
    planReminder: assign({
      mailSequence: ({ context }) => context.mailSequence + 1,
      mailPurpose: 'reminder',
      reminded: true,
    }),
    planContinueMail: assign({
      mailSequence: ({ context }) => context.mailSequence + 1,
      mailPurpose: 'continue',
      awaited: false,
    }),
    planNotice: assign({ mailSequence: ({ context }) => context.mailSequence + 1 }),
    noteMail: assign({
      mailsSent: ({ context }) => context.mailsSent + 1,
      mailedAt: ({ event }) => event.at,
      mailFailures: 0,
      // What stands in the way of the registration itself still does.
      problem: ({ context: { problem, refusal } }) =>
        problem === 'mailRefused' || problem === 'mailServerUnavailable' ? refusal : problem,
    }),
    noteMailFailure: assign({
      mailFailures: ({ context }) => context.mailFailures + 1,
      problem: (_, problem: RegistrationProblem) => problem,
    }),
    // What was wrong with a mail does not matter to someone who has got one.
    noteProof: assign({ proven: true, problem: undefined }),
    forgetProof: assign({
      awaited: false,
      proven: false,
      problem: undefined,
      refusal: undefined,
    }),
    noteExtension: assign({ reminded: false }),
    noteSubmission: assign({
      kind: ({ context, event }) => (event as { kind?: RegistrationKind }).kind ?? context.kind,
      proven: true,
      submissionId: ({ event }) => (event as { submissionId?: string }).submissionId,
      partnerId: undefined,
      lookupFailures: 0,
      creationFailures: 0,
      approved: false,
      awaited: false,
      problem: undefined,
      refusal: undefined,
    }),
    notePartner: assign({
      partnerId: ({ event }) => (event as { partnerId?: string }).partnerId,
      awaited: true,
      problem: undefined,
    }),
    noteApproval: assign({ approved: true }),
    noteLookupFailure: assign({
      lookupFailures: ({ context }) => context.lookupFailures + 1,
      awaited: true,
      problem: (_, problem: RegistrationProblem) => problem,
    }),
    noteTold: assign({ mailedAt: ({ event }) => event.at }),
    noteWaiting: assign({ awaited: true, problem: undefined }),
    noteRefusal: assign({
      problem: (_, problem: RegistrationProblem) => problem,
      refusal: (_, problem: RegistrationProblem) => problem,
    }),
    noteCreationFailure: assign({
      creationFailures: ({ context }) => context.creationFailures + 1,
      awaited: true,
      problem: (_, problem: RegistrationProblem) => problem,
    }),
  },
});
