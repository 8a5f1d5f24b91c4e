import { assign, fromPromise, setup } from 'xstate';
import { about, type StateMeta } from './registration-words.js';

export type RegistrationKind = 'customer';

/** Durations in milliseconds, fixed when the registration starts so that a changed setting never moves a running timer. */
export interface Lifetimes {
  /** From the start to `expired`. */
  registration: number;
  /** From the start to the one reminder; must be shorter than `registration`. Absent: no reminder. */
  reminder?: number;
  /** Shortest time between two mails that the person asks for. */
  resendCooldown: number;
  /** First pause before an undelivered mail is tried again; doubles up to 32 times itself. */
  mailRetry: number;
  /** First pause before a blocked account creation is tried again; doubles up to 32 times itself, ten more tries in all. */
  creationRetry: number;
  /** How long a creation that stays blocked waits for an operator before the registration is given up. */
  operator: number;
}

/** Why the registration stands where it stands; the words for it are in the catalogues of pages and Console. */
export type RegistrationProblem =
  | 'mailRefused'
  | 'mailServerUnavailable'
  | 'onboardingClosed'
  | 'agreementOutdated'
  | 'userTypeInvalid'
  | 'creationFailed';

export interface RegistrationInput {
  kind: RegistrationKind;
  lifetimes: Lifetimes;
}

interface RegistrationContext extends RegistrationInput {
  /** One number a send: a retried send keeps it, and with it the link and the Message-ID. */
  mailSequence: number;
  mailPurpose: 'activation' | 'reminder';
  mailsSent: number;
  mailFailures: number;
  creationFailures: number;
  /** When the last mail went out, epoch milliseconds. */
  mailedAt?: number;
  proven: boolean;
  reminded: boolean;
  submissionId?: string;
  problem?: RegistrationProblem;
}

/** What happens from outside. `at` (epoch milliseconds) and `actor` arrive with the event: the machine has no clock. */
export type RegistrationEvent = { at?: number; actor?: string } & (
  | { type: 'PROVEN' }
  | { type: 'LINK_REQUESTED' }
  | { type: 'SUBMITTED'; submissionId: string }
  | { type: 'RETRY' }
  | { type: 'CANCEL' }
);

/**
 * Every way an effect can end. An effect that cannot end in one of these fails instead, which the machine takes as its
 * error event. The interpreter tells each effect which state each outcome leads to, so that it records both together.
 */
export const effectOutcomes = {
  sendActivationMail: ['sent', 'accountExists', 'mailRefused'],
  createAccount: ['created', 'onboardingClosed', 'agreementOutdated', 'emailTaken', 'userTypeInvalid'],
} as const;

export type Effects = typeof effectOutcomes;
export type Outcome<E extends keyof Effects> = Effects[E][number];

const maxCreationRetries = 10;
/** Exponential pauses stop growing at 32 times the first one. */
const growing = (pause: number, failures: number) => pause * 2 ** Math.min(Math.max(failures - 1, 0), 5);

/** An effect is declared here and run by the interpreter. */
const effect = <E extends keyof Effects, Input>() =>
  fromPromise<{ outcome: Outcome<E> }, Input>(() => Promise.reject(new Error('effects are run by the interpreter')));

export const registrationMachine = setup({
  types: {} as {
    context: RegistrationContext;
    events: RegistrationEvent;
    input: RegistrationInput;
    meta: StateMeta;
    tags: 'busy' | 'person' | 'attention';
  },
  actors: {
    sendActivationMail: effect<'sendActivationMail', { sequence: number; purpose: 'activation' | 'reminder' }>(),
    createAccount: effect<'createAccount', { submissionId: string }>(),
  },
  guards: {
    hasOutcome: ({ event }, outcome: Outcome<keyof Effects>) =>
      (event as { output?: { outcome?: string } }).output?.outcome === outcome,
    isProven: ({ context }) => context.proven,
    isUnproven: ({ context }) => !context.proven,
    hasCooledDown: ({ context, event }) =>
      (event.at ?? 0) - (context.mailedAt ?? 0) >= context.lifetimes.resendCooldown,
    isReminderDue: ({ context }) => !context.reminded && context.lifetimes.reminder !== undefined,
    hasCreationRetriesLeft: ({ context }) => context.creationFailures <= maxCreationRetries,
    // A refused address stays refused; only an operator or the person can change that.
    isMailRetryable: ({ context }) => context.problem === 'mailServerUnavailable',
  },
  delays: {
    reminderOrExpiry: ({ context: { lifetimes, reminded } }) =>
      reminded ? lifetimes.registration - (lifetimes.reminder ?? 0) : (lifetimes.reminder ?? lifetimes.registration),
    mailRetry: ({ context }) => growing(context.lifetimes.mailRetry, context.mailFailures),
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
    noteMail: assign({
      mailsSent: ({ context }) => context.mailsSent + 1,
      mailedAt: ({ event }) => event.at,
      mailFailures: 0,
      problem: undefined,
    }),
    noteMailFailure: assign({
      mailFailures: ({ context }) => context.mailFailures + 1,
      problem: (_, problem: RegistrationProblem) => problem,
    }),
    // What was wrong with a mail does not matter to someone who has got one.
    noteProof: assign({ proven: true, problem: undefined }),
    noteSubmission: assign({
      proven: true,
      submissionId: ({ event }) => (event as { submissionId?: string }).submissionId,
      problem: undefined,
    }),
    noteRefusal: assign({ problem: (_, problem: RegistrationProblem) => problem }),
    noteCreationFailure: assign({
      creationFailures: ({ context }) => context.creationFailures + 1,
      problem: (_, problem: RegistrationProblem) => problem,
    }),
  },
}).createMachine({
  id: 'registration',
  context: ({ input }) => ({
    kind: input?.kind,
    lifetimes: input?.lifetimes,
    mailSequence: 1,
    mailPurpose: 'activation',
    mailsSent: 0,
    mailFailures: 0,
    creationFailures: 0,
    proven: false,
    reminded: false,
  }),
  initial: 'open',
  states: {
    open: {
      initial: 'sendingActivation',
      on: { CANCEL: 'cancelled' },
      // One timer for the whole registration: the reminder re-enters, and what is left of the lifetime runs on.
      after: {
        reminderOrExpiry: [
          { guard: 'isReminderDue', target: 'open', reenter: true, actions: 'planReminder' },
          { target: 'expired' },
        ],
      },
      states: {
        sendingActivation: {
          tags: ['busy'],
          meta: about.sendingActivation,
          invoke: {
            id: 'sendActivationMail',
            src: 'sendActivationMail',
            input: ({ context }) => ({ sequence: context.mailSequence, purpose: context.mailPurpose }),
            onDone: [
              { guard: { type: 'hasOutcome', params: 'accountExists' }, target: '#registration.alreadyRegistered' },
              {
                guard: { type: 'hasOutcome', params: 'mailRefused' },
                target: 'mailUndeliverable',
                actions: { type: 'noteMailFailure', params: 'mailRefused' },
              },
              { guard: 'isProven', target: 'awaitingDetails', actions: 'noteMail' },
              { target: 'awaitingProof', actions: 'noteMail' },
            ],
            onError: {
              target: 'mailUndeliverable',
              actions: { type: 'noteMailFailure', params: 'mailServerUnavailable' },
            },
          },
          // Who has a link goes on: an earlier one, or the one of this mail, before its server's answer is here.
          on: {
            PROVEN: { guard: 'isUnproven', actions: 'noteProof' },
            SUBMITTED: { target: '#registration.creatingAccount', actions: 'noteSubmission' },
          },
        },
        awaitingProof: {
          tags: ['person'],
          meta: about.awaitingProof,
          on: {
            PROVEN: { target: 'awaitingDetails', actions: 'noteProof' },
            SUBMITTED: { target: '#registration.creatingAccount', actions: 'noteSubmission' },
            LINK_REQUESTED: { guard: 'hasCooledDown', target: 'sendingActivation', actions: 'planNextMail' },
          },
        },
        awaitingDetails: {
          tags: ['person'],
          meta: about.awaitingDetails,
          on: {
            SUBMITTED: { target: '#registration.creatingAccount', actions: 'noteSubmission' },
            LINK_REQUESTED: { guard: 'hasCooledDown', target: 'sendingActivation', actions: 'planNextMail' },
          },
        },
        mailUndeliverable: {
          tags: ['attention'],
          meta: about.mailUndeliverable,
          after: { mailRetry: { guard: 'isMailRetryable', target: 'sendingActivation' } },
          on: {
            RETRY: 'sendingActivation',
            LINK_REQUESTED: { guard: 'hasCooledDown', target: 'sendingActivation' },
            PROVEN: { guard: 'isUnproven', target: 'awaitingDetails', actions: 'noteProof' },
            SUBMITTED: { target: '#registration.creatingAccount', actions: 'noteSubmission' },
          },
        },
      },
    },
    // Outside `open`: once the creation runs, neither the lifetime nor a cancellation may cut in (security.md C13, C15).
    creatingAccount: {
      tags: ['busy'],
      meta: about.creatingAccount,
      invoke: {
        id: 'createAccount',
        src: 'createAccount',
        input: ({ context }) => ({ submissionId: context.submissionId ?? '' }),
        onDone: [
          { guard: { type: 'hasOutcome', params: 'created' }, target: 'completed' },
          { guard: { type: 'hasOutcome', params: 'emailTaken' }, target: 'alreadyRegistered' },
          {
            guard: { type: 'hasOutcome', params: 'onboardingClosed' },
            target: 'open.awaitingDetails',
            actions: { type: 'noteRefusal', params: 'onboardingClosed' },
          },
          {
            guard: { type: 'hasOutcome', params: 'agreementOutdated' },
            target: 'open.awaitingDetails',
            actions: { type: 'noteRefusal', params: 'agreementOutdated' },
          },
          { target: 'creationBlocked', actions: { type: 'noteCreationFailure', params: 'userTypeInvalid' } },
        ],
        onError: { target: 'creationBlocked', actions: { type: 'noteCreationFailure', params: 'creationFailed' } },
      },
    },
    creationBlocked: {
      tags: ['attention'],
      meta: about.creationBlocked,
      after: {
        creationRetry: { guard: 'hasCreationRetriesLeft', target: 'creatingAccount' },
        operatorDeadline: 'expired',
      },
      on: { RETRY: 'creatingAccount', CANCEL: 'cancelled' },
    },
    completed: {
      type: 'final',
      meta: about.completed,
    },
    alreadyRegistered: {
      type: 'final',
      meta: about.alreadyRegistered,
    },
    expired: {
      type: 'final',
      meta: about.expired,
    },
    cancelled: {
      type: 'final',
      meta: about.cancelled,
    },
  },
});
