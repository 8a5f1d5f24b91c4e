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
  'account-exists': {
    email: string;
    /** The log-in page; carries no token. */
    loginUrl: string;
  };
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
