/** What each page is given. Pages draw; they decide nothing, and know neither Koa nor the database. */
import type { StaffRole } from '../../db/models.js';
import type { Translate } from '../i18n.js';

/** What every page has. */
export interface PageContext {
  t: Translate;
  /** "en", "de": the language the page is in. */
  language: string;
  /** IANA name; UTC where nobody is signed in. */
  timeZone?: string;
  /** Path and query of this page, to come back to after choosing another language. */
  path: string;
  /** Value of the hidden `formToken` field that every form carries (security.md S5, S6). */
  formToken: string;
  /** Who is signed in, if anyone. */
  signedIn?: { name: string; isAdministrator: boolean; isPending: boolean };
  /** In the Console: who, and what they may. */
  staff?: { email: string; role: StaffRole; isPending: boolean };
}

/** Error code by field name; the words are in the catalogue under `fieldErrors.<code>`. */
export type FieldErrors = Record<string, string>;

export interface LoginModel {
  email?: string;
  /** "Stay logged in" was ticked in the request that is shown again. */
  remember?: boolean;
  /** Form-wide error code (`errors.<code>`). */
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
  notice?: 'accountReady' | 'loggedOut' | 'alreadyRegistered' | 'passwordSet' | 'accountDeleted' | 'emailChanged';
  /** The application that sent the person here and will have them back. */
  application?: string;
  /** "Create new account" is shown only while onboarding is on. */
  registrationOpen: boolean;
}

export interface StartModel {
  email?: string;
  errors: FieldErrors;
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
  /** The kinds that may register; none: closed. */
  kinds: string[];
  kind?: string;
}

/** "Check your mailbox": the same for every address. */
export interface CheckMailboxModel {
  email: string;
  /** Seconds until the person may ask for another mail. */
  resendAfter: number;
  /** How long the link in the mail works, in hours. */
  linkHours: number;
  inboxUrl?: string;
}

/** The answers of the registration page as typed; every field a string, absent when never typed. */
export interface Answers {
  companyName?: string;
  companyStreet?: string;
  companyPostalCode?: string;
  companyCity?: string;
  companyCountry?: string;
  companyVatNumber?: string;
  partnerCode?: string;
  givenName?: string;
  familyName?: string;
  phone?: string;
}

export interface AgreementModel {
  /** Of title and body. */
  language?: string;
  /** Id of the published version; posted back as `terms` or `privacy` when the box is ticked. */
  versionId: string;
  document: 'terms' | 'privacy';
  version: number;
  title: string;
  /** Plain text paragraphs, separated by empty lines; lines starting with "## " are headings. */
  body: string;
}

export interface RegistrationPageModel {
  token: string;
  reference: string;
  email: string;
  kind: 'customer' | 'partner' | 'invited';
  /** What is asked besides the person. */
  asked: 'company' | 'code' | 'nothing';
  /** Of an invited person: into which organisation, and by whom. */
  invitation?: { organisation: string; invitedBy?: string };
  /** The other kind may register, too. */
  switchable: boolean;
  answers: Answers;
  errors: FieldErrors;
  /** Why it did not go on: a code of the machine (`problems.<code>`) or of the request (`errors.<code>`). */
  problem?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
  agreements: AgreementModel[];
  /** Boxes ticked in the request that is shown again, by document. */
  accepted: { terms?: boolean; privacy?: boolean };
  countries: { code: string; name: string }[];
  idempotencyKey: string;
  passwordMinimum: number;
  /** When the registration ends if nobody finishes it, ISO 8601. */
  expiresAt: string;
  savedAt?: string;
}

/** After submitting, while the outcome is not there yet: the page asks again by itself. */
export interface ProcessingModel {
  token: string;
  reference: string;
}

/** A link that opens no registration page, each with its one way on. */
export interface LinkEndModel {
  reason:
    | 'invalid'
    | 'expired'
    | 'completed'
    | 'alreadyRegistered'
    | 'declined'
    | 'cancelled'
    | 'invitationVoid'
    | 'blocked'
    | 'parked'
    | 'awaitingApproval';
  reference?: string;
}

export interface CancelModel {
  token: string;
  reference: string;
}

export interface AccountModel {
  givenName: string;
  familyName: string;
  email: string;
  phone?: string;
  company: { name: string; street?: string; postalCode?: string; city?: string; country?: string; vatNumber?: string };
  userType: string;
  permissions: string[];
  consents: {
    document: 'terms' | 'privacy';
    version: number;
    acceptedAt: string;
    versionId: string;
    /** In which it was accepted. */
    language: string;
  }[];
}

export interface ErrorModel {
  status: number;
  code: string;
  requestId: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
}

export interface OperatorSetupModel {
  token: string;
  /** The address of an invitation: no other can be used. */
  invited?: string;
  email?: string;
  errors: FieldErrors;
  passwordMinimum: number;
}

export interface ConsoleLoginModel {
  email?: string;
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
  notice?: 'passwordSet' | 'loggedOut';
}
