import { registrationParts } from './registration-parts.js';
import type { Effects, Outcome, RegistrationProblem } from './registration-types.js';
import { about } from './registration-words.js';

export * from './registration-types.js';

/** What the person submitted is refused: told on the page, or, to a person who has left it, by mail with a link. */
const refused = <O extends Outcome<keyof Effects>>(outcome: O, problem: RegistrationProblem) =>
  [
    {
      guard: { type: 'hasOutcomeAwaited', params: outcome },
      target: '#registration.open.sendingActivation',
      actions: [{ type: 'noteRefusal', params: problem }, 'planContinueMail'],
    },
    {
      guard: { type: 'hasOutcome', params: outcome },
      target: '#registration.open.awaitingDetails',
      actions: { type: 'noteRefusal', params: problem },
    },
  ] as const;

/** The lookup waits; the person is told once. */
const parked = (problem: RegistrationProblem) =>
  [
    {
      guard: 'isAwaited',
      target: '#registration.lookupParked.told',
      actions: { type: 'noteLookupFailure', params: problem },
    },
    {
      target: '#registration.lookupParked',
      actions: [{ type: 'noteLookupFailure', params: problem }, 'planNotice'],
    },
  ] as const;

/** The e-mail was corrected while the submission was on its way: it is void, and the new address has to be proven. */
const withdrawn = {
  guard: { type: 'hasOutcome', params: 'withdrawn' },
  target: '#registration.open.awaitingProof',
  actions: 'forgetProof',
} as const;

/** The steps of a registration; what their names mean is in `registration-parts.ts`. */
export const registrationMachine = registrationParts.createMachine({
  id: 'registration',
  context: ({ input }) => ({
    kind: input?.kind,
    lifetimes: input?.lifetimes,
    mailSequence: 1,
    mailPurpose: 'activation',
    mailsSent: 0,
    mailFailures: 0,
    creationFailures: 0,
    lookupFailures: 0,
    approved: false,
    awaited: false,
    proven: false,
    reminded: false,
  }),
  initial: 'open',
  states: {
    open: {
      initial: 'sendingActivation',
      on: {
        CANCEL: 'cancelled',
        // Entered anew where it stands, so that its timer starts anew.
        EXTEND: { target: '.current', reenter: true, actions: 'noteExtension' },
        RENEW: { target: '.sendingActivation', reenter: true, actions: ['noteExtension', 'planNextMail'] },
      },
      // One timer for the whole registration: the reminder re-enters, and what is left of the lifetime runs on.
      after: {
        reminderOrExpiry: [
          { guard: 'isReminderDue', target: 'open', reenter: true, actions: 'planReminder' },
          { target: 'expired' },
        ],
      },
      states: {
        current: { type: 'history' },
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
            SUBMITTED: [
              { guard: 'isPartner', target: '#registration.resolvingPartner', actions: 'noteSubmission' },
              { target: '#registration.creatingAccount', actions: 'noteSubmission' },
            ],
          },
        },
        awaitingProof: {
          tags: ['person'],
          meta: about.awaitingProof,
          on: {
            PROVEN: { target: 'awaitingDetails', actions: 'noteProof' },
            SUBMITTED: [
              { guard: 'isPartner', target: '#registration.resolvingPartner', actions: 'noteSubmission' },
              { target: '#registration.creatingAccount', actions: 'noteSubmission' },
            ],
            LINK_REQUESTED: { guard: 'hasCooledDown', target: 'sendingActivation', actions: 'planNextMail' },
            RESEND: { target: 'sendingActivation', actions: 'planNextMail' },
            CORRECT_EMAIL: { target: 'sendingActivation', actions: ['forgetProof', 'planNextMail'] },
          },
        },
        awaitingDetails: {
          tags: ['person'],
          meta: about.awaitingDetails,
          on: {
            SUBMITTED: [
              { guard: 'isPartner', target: '#registration.resolvingPartner', actions: 'noteSubmission' },
              { target: '#registration.creatingAccount', actions: 'noteSubmission' },
            ],
            LINK_REQUESTED: { guard: 'hasCooledDown', target: 'sendingActivation', actions: 'planNextMail' },
            RESEND: { target: 'sendingActivation', actions: 'planNextMail' },
            CORRECT_EMAIL: { target: 'sendingActivation', actions: ['forgetProof', 'planNextMail'] },
          },
        },
        mailUndeliverable: {
          tags: ['attention'],
          meta: about.mailUndeliverable,
          after: { mailRetry: { guard: 'isMailRetryable', target: 'sendingActivation' } },
          on: {
            RETRY: 'sendingActivation',
            LINK_REQUESTED: { guard: 'hasCooledDown', target: 'sendingActivation' },
            CORRECT_EMAIL: { target: 'sendingActivation', actions: ['forgetProof', 'planNextMail'] },
            PROVEN: { guard: 'isUnproven', target: 'awaitingDetails', actions: 'noteProof' },
            SUBMITTED: [
              { guard: 'isPartner', target: '#registration.resolvingPartner', actions: 'noteSubmission' },
              { target: '#registration.creatingAccount', actions: 'noteSubmission' },
            ],
          },
        },
      },
    },
    // Outside `open`: what the person has submitted waits for others, and their lifetime must not end it.
    resolvingPartner: {
      tags: ['busy'],
      meta: about.resolvingPartner,
      invoke: {
        id: 'resolvePartner',
        src: 'resolvePartner',
        input: ({ context }) => ({ submissionId: context.submissionId ?? '' }),
        onDone: [
          { guard: { type: 'hasOutcome', params: 'found' }, target: 'creatingAccount' },
          ...refused('codeInvalid', 'partnerCodeInvalid'),
          withdrawn,
          ...parked('providerMisconfigured'),
        ],
        onError: parked('providerUnavailable'),
      },
    },
    lookupParked: {
      tags: ['attention'],
      meta: about.lookupParked,
      after: {
        lookupRetry: { guard: 'hasLookupRetriesLeft', target: 'resolvingPartner' },
        operatorDeadline: 'expired',
      },
      on: {
        RETRY: 'resolvingPartner',
        ASSIGN_PARTNER: { target: 'creatingAccount', actions: 'notePartner' },
        CANCEL: 'cancelled',
      },
      initial: 'telling',
      states: {
        telling: {
          invoke: {
            id: 'notifyLookupDelayed',
            src: 'notifyLookupDelayed',
            input: ({ context }) => ({ sequence: context.mailSequence }),
            onDone: { target: 'told', actions: 'noteTold' },
            onError: 'told',
          },
        },
        told: { on: { LINK_REQUESTED: { guard: 'hasCooledDown', target: 'telling', actions: 'planNotice' } } },
      },
    },
    awaitingApproval: {
      tags: ['attention'],
      meta: about.awaitingApproval,
      after: { operatorDeadline: 'expired' },
      on: {
        APPROVE: { target: 'creatingAccount', actions: 'noteApproval' },
        DECLINE: 'declined',
        CANCEL: 'cancelled',
      },
      initial: 'telling',
      states: {
        telling: {
          invoke: {
            id: 'notifyApprovalAwaited',
            src: 'notifyApprovalAwaited',
            input: ({ context }) => ({ sequence: context.mailSequence }),
            onDone: { target: 'told', actions: 'noteTold' },
            onError: 'told',
          },
        },
        told: { on: { LINK_REQUESTED: { guard: 'hasCooledDown', target: 'telling', actions: 'planNotice' } } },
      },
    },
    // Outside `open`: once the creation runs, neither the lifetime nor a cancellation may cut in (security.md C13, C15).
    creatingAccount: {
      tags: ['busy'],
      meta: about.creatingAccount,
      invoke: {
        id: 'createAccount',
        src: 'createAccount',
        input: ({ context: { submissionId = '', approved, partnerId } }) => ({ submissionId, approved, partnerId }),
        onDone: [
          { guard: { type: 'hasOutcome', params: 'created' }, target: 'completed' },
          { guard: { type: 'hasOutcome', params: 'emailTaken' }, target: 'alreadyRegistered' },
          {
            guard: { type: 'hasOutcome', params: 'approvalNeeded' },
            target: 'awaitingApproval',
            actions: ['noteWaiting', 'planNotice'],
          },
          // Held, not lost (security.md D9): a person who has left need not come back to open the door again.
          {
            guard: { type: 'hasOutcomeAwaited', params: 'onboardingClosed' },
            target: 'creationBlocked',
            actions: { type: 'noteCreationFailure', params: 'onboardingClosed' },
          },
          {
            guard: { type: 'hasOutcome', params: 'onboardingClosed' },
            target: 'open.awaitingDetails',
            actions: { type: 'noteRefusal', params: 'onboardingClosed' },
          },
          ...refused('agreementOutdated', 'agreementOutdated'),
          ...refused('codeInvalid', 'partnerCodeInvalid'),
          withdrawn,
          {
            guard: { type: 'hasOutcome', params: 'invitationVoid' },
            target: 'cancelled',
            actions: { type: 'noteRefusal', params: 'invitationVoid' },
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
    declined: {
      type: 'final',
      meta: about.declined,
    },
    cancelled: {
      type: 'final',
      meta: about.cancelled,
    },
  },
});
