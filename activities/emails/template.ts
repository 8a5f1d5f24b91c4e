import type { JSX } from 'preact';
import type { Language, Translate } from '../i18n.js';

/** What each mail needs. Links are full URLs, made by the caller from the configured base URL. */
export interface EmailVariables {
  activation: {
    email: string;
    link: string;
    cancelLink: string;
    linkHours: number;
    reference: string;
  };
  reminder: {
    email: string;
    link: string;
    cancelLink: string;
    linkHours: number;
    reference: string;
    /** When the registration expires. */
    expiresAt: Date;
  };
  /** As `activation`, because something is asked of a person who has left the page. */
  continue: EmailVariables['activation'];
  'account-exists': {
    email: string;
    /** The log-in page; carries no token. */
    loginUrl: string;
  };
  'lookup-delayed': NoticeVariables;
  'approval-awaited': NoticeVariables;
  'account-ready': NoticeVariables;
  declined: NoticeVariables;
  ended: NoticeVariables;
  'staff-invitation': UserNoticeVariables;
  invitation: UserNoticeVariables;
  'invitation-reminder': UserNoticeVariables;
  'invitation-account-exists': UserNoticeVariables;
  'invitation-held': UserNoticeVariables;
  'join-request': UserNoticeVariables;
  'join-request-reminder': UserNoticeVariables;
  'join-declined': UserNoticeVariables;
  'join-unanswered': UserNoticeVariables;
  'password-reset': UserNoticeVariables;
  'password-reset-unknown': UserNoticeVariables;
  'password-changed': UserNoticeVariables;
  'user-type-changed': UserNoticeVariables;
  'user-disabled': UserNoticeVariables;
  'user-enabled': UserNoticeVariables;
  'user-removed': UserNoticeVariables;
  'email-change': UserNoticeVariables;
  'email-change-taken': UserNoticeVariables;
  'email-change-asked': UserNoticeVariables;
  'email-changed': UserNoticeVariables;
  'account-deleted': UserNoticeVariables;
  'second-factor-on': UserNoticeVariables;
  'second-factor-off': UserNoticeVariables;
  'second-factor-reset': UserNoticeVariables;
  'recovery-codes-made': UserNoticeVariables;
  'recovery-code-used': UserNoticeVariables;
  'passkey-added': UserNoticeVariables;
  'passkey-removed': UserNoticeVariables;
}

/** Of a mail that tells where a registration stands; its links carry no token. */
export interface NoticeVariables {
  email: string;
  reference: string;
  loginUrl: string;
  startUrl: string;
}

/** Of a mail to a person about their account, or one they are offered. */
export interface UserNoticeVariables {
  email: string;
  /** Where its button leads, or the page it speaks of. */
  link: string;
  /** Values from outside, by name. */
  values: Record<string, string>;
}

export type EmailName = keyof EmailVariables;

export interface PartProps<Variables> {
  t: Translate;
  language: Language;
  variables: Variables;
}

export interface Template<Variables> {
  subject: (t: Translate) => string;
  Html: (props: PartProps<Variables>) => JSX.Element;
  text: (props: PartProps<Variables>) => string;
}
