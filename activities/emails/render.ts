import { h } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { type Language, translator } from '../i18n.js';
import { Html as AccountExistsHtml } from './account-exists/html.js';
import { subject as accountExistsSubject } from './account-exists/subject.js';
import { text as accountExistsText } from './account-exists/text.js';
import { Html as ActivationHtml } from './activation/html.js';
import { subject as activationSubject } from './activation/subject.js';
import { text as activationText } from './activation/text.js';
import { Html as ContinueHtml } from './continue/html.js';
import { subject as continueSubject } from './continue/subject.js';
import { text as continueText } from './continue/text.js';
import { noticeTemplate } from './notice/template.js';
import { Html as ReminderHtml } from './reminder/html.js';
import { subject as reminderSubject } from './reminder/subject.js';
import { text as reminderText } from './reminder/text.js';
import type { EmailName, EmailVariables, PartProps, Template } from './template.js';
import { userNotice } from './user-notice/template.js';

export type { EmailName, EmailVariables } from './template.js';

export interface RenderedEmail {
  subject: string;
  html: string;
  text: string;
}

const templates: { [Name in EmailName]: Template<EmailVariables[Name]> } = {
  activation: { subject: activationSubject, Html: ActivationHtml, text: activationText },
  reminder: { subject: reminderSubject, Html: ReminderHtml, text: reminderText },
  continue: { subject: continueSubject, Html: ContinueHtml, text: continueText },
  'account-exists': { subject: accountExistsSubject, Html: AccountExistsHtml, text: accountExistsText },
  'lookup-delayed': noticeTemplate('lookupDelayed'),
  'approval-awaited': noticeTemplate('approvalAwaited'),
  'account-ready': noticeTemplate('accountReady', 'loginUrl'),
  declined: noticeTemplate('declined'),
  ended: noticeTemplate('ended', 'startUrl'),
  'staff-invitation': userNotice('staffInvitation', { link: true }),
  invitation: userNotice('invitation', { link: true, facts: ['organisation', 'invitedBy', 'expires'] }),
  'invitation-reminder': userNotice('invitationReminder', {
    link: true,
    facts: ['organisation', 'invitedBy', 'expires'],
  }),
  'invitation-account-exists': userNotice('invitationAccountExists', { facts: ['organisation', 'invitedBy'] }),
  'invitation-held': userNotice('invitationHeld', { link: true, facts: ['organisation', 'invitedBy'] }),
  'join-request': userNotice('joinRequest', { link: true, facts: ['name', 'email'] }),
  'join-request-reminder': userNotice('joinRequestReminder', { link: true, facts: ['name', 'email'] }),
  'join-declined': userNotice('joinDeclined', { link: true }),
  'join-unanswered': userNotice('joinUnanswered', { link: true }),
  'password-reset': userNotice('passwordReset', { link: true }),
  'password-reset-unknown': userNotice('passwordResetUnknown', { link: true }),
  'password-changed': userNotice('passwordChanged', { link: true }),
  'user-type-changed': userNotice('userTypeChanged', { facts: ['organisation', 'userType'] }),
  'user-disabled': userNotice('userDisabled', { facts: ['organisation'] }),
  'user-enabled': userNotice('userEnabled', { facts: ['organisation'], link: true }),
  'user-removed': userNotice('userRemoved', { facts: ['organisation'] }),
  'email-change': userNotice('emailChange', { link: true }),
  'email-change-taken': userNotice('emailChangeTaken', { link: true }),
  'email-change-asked': userNotice('emailChangeAsked', { facts: ['newEmail'], link: true }),
  'email-changed': userNotice('emailChanged', { facts: ['newEmail'] }),
  'account-deleted': userNotice('accountDeleted'),
  'second-factor-on': userNotice('secondFactorOn'),
  'second-factor-off': userNotice('secondFactorOff'),
  'second-factor-reset': userNotice('secondFactorReset'),
  'recovery-codes-made': userNotice('recoveryCodesMade'),
  'recovery-code-used': userNotice('recoveryCodeUsed', { facts: ['left'] }),
  'passkey-added': userNotice('passkeyAdded', { facts: ['name'] }),
  'passkey-removed': userNotice('passkeyRemoved', { facts: ['name'] }),
};

/** One mail in one language, ready to be sent. The same arguments give the same mail. */
export const renderEmail = <Name extends EmailName>(
  name: Name,
  language: Language,
  variables: EmailVariables[Name],
): RenderedEmail => {
  assertLinks(variables);
  const template: Template<EmailVariables[Name]> = templates[name];
  const t = translator(language);
  const props: PartProps<EmailVariables[Name]> = { t, language, variables };
  return {
    subject: template.subject(t),
    html: `<!doctype html>${renderToStaticMarkup(h(template.Html, props))}\n`,
    text: template.text(props),
  };
};

/** A relative link or a `javascript:` one would mean that the base URL is not configured; such a mail is not made. */
function assertLinks(variables: EmailVariables[EmailName]): void {
  for (const [name, value] of Object.entries(variables))
    if (/(link|url)$/i.test(name) && !isFullUrl(String(value)))
      throw new TypeError(`mail: ${name} is not a full http(s) URL`);
}

const isFullUrl = (value: string) => URL.canParse(value) && /^https?:\/\/[^\s"'<>\\]+$/.test(value);
