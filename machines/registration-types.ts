/** The vocabulary of a registration: kinds, events, what the machine remembers, how its effects can end. */

/** `invited`: into an organisation that is there, by one of its administrators. */
export type RegistrationKind = 'customer' | 'partner' | 'invited';

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
  /** First pause before a parked partner lookup is tried again; doubles up to 32 times itself. Absent: 5 minutes. */
  lookupRetry?: number;
  /** How long what waits for an operator waits before the registration is given up. */
  operator: number;
}

/** Why the registration stands where it stands; the words for it are in the catalogues of pages and Console. */
export type RegistrationProblem =
  | 'mailRefused'
  | 'mailServerUnavailable'
  | 'partnerCodeInvalid'
  | 'providerUnavailable'
  | 'providerMisconfigured'
  | 'onboardingClosed'
  | 'agreementOutdated'
  | 'userTypeInvalid'
  | 'invitationVoid'
  | 'creationFailed';

export interface RegistrationInput {
  kind: RegistrationKind;
  lifetimes: Lifetimes;
}

/** `activation`: the link; `continue`: the link, because something is asked of a person who has left the page. */
export type MailPurpose = 'activation' | 'reminder' | 'continue';

/** What a person who was told to wait, and has left, is mailed when the registration ends. */
export const finalNotices = {
  completed: 'account-ready',
  alreadyRegistered: 'account-exists',
  declined: 'declined',
  expired: 'ended',
  cancelled: 'ended',
} as const;

export interface RegistrationContext extends RegistrationInput {
  /** One number a send: a retried send keeps it, and with it the link and the Message-ID. */
  mailSequence: number;
  mailPurpose: MailPurpose;
  mailsSent: number;
  mailFailures: number;
  creationFailures: number;
  lookupFailures: number;
  /** When the last mail went out, epoch milliseconds. */
  mailedAt?: number;
  proven: boolean;
  reminded: boolean;
  submissionId?: string;
  /** Chosen by an operator, instead of what the code would lead to. */
  partnerId?: string;
  approved: boolean;
  /** The person was told to wait and has left: what comes of it is mailed. */
  awaited: boolean;
  problem?: RegistrationProblem;
  /** What the last submission was refused for; outlives the trouble of a mail about it. */
  refusal?: RegistrationProblem;
}

/** What happens from outside. `at` (epoch milliseconds) and `actor` arrive with the event: the machine has no clock. */
export type RegistrationEvent = { at?: number; actor?: string } & (
  | { type: 'PROVEN' }
  | { type: 'LINK_REQUESTED' }
  | { type: 'SUBMITTED'; submissionId: string; kind?: RegistrationKind }
  | { type: 'RETRY' }
  | { type: 'CANCEL' }
  // By the administrator who invited:
  | { type: 'RENEW' }
  // By staff:
  | { type: 'RESEND' }
  | { type: 'CORRECT_EMAIL' }
  | { type: 'EXTEND' }
  | { type: 'ASSIGN_PARTNER'; partnerId: string }
  | { type: 'APPROVE' }
  | { type: 'DECLINE' }
);

/**
 * Every way an effect can end. An effect that cannot end in one of these fails instead, which the machine takes as its
 * error event. The interpreter tells each effect which state each outcome leads to, so that it records both together.
 */
export const effectOutcomes = {
  sendActivationMail: ['sent', 'accountExists', 'mailRefused'],
  resolvePartner: ['found', 'codeInvalid', 'misconfigured', 'withdrawn'],
  notifyLookupDelayed: ['told'],
  notifyApprovalAwaited: ['told'],
  createAccount: [
    'created',
    'onboardingClosed',
    'agreementOutdated',
    'emailTaken',
    'userTypeInvalid',
    'invitationVoid',
    'codeInvalid',
    'approvalNeeded',
    'withdrawn',
  ],
} as const;

export type Effects = typeof effectOutcomes;
export type Outcome<E extends keyof Effects> = Effects[E][number];
