import { ApplicationFailure } from '@temporalio/activity';
import { type PreparedMail, prepareMail, recordDelivery } from '../db/activation-mails.js';
import type { ActivityContext } from './activities.js';
import { renderEmail } from './emails/render.js';
import { formatMoment } from './emails/times.js';
import { isLanguage } from './i18n.js';
import { MailServerUnavailable, RecipientRefused } from './mailer.js';
import { type EffectInput, type EffectResult, settle } from './record-transitions.js';

type MailOutcome = 'sent' | 'accountExists' | 'mailRefused';

export interface SendActivationMailInput extends EffectInput<MailOutcome> {
  sequence: number;
  purpose: 'activation' | 'reminder' | 'continue';
}

/**
 * Mails the activation link, or, to an address that has an account, a word that it has one. At least once, normally
 * once: a repeated run finds what the earlier one sent, or sends the same link under the same Message-ID (security.md O4).
 */
export const sendActivationMail =
  ({ db, mailer, keys, publicUrl }: ActivityContext) =>
  async (input: SendActivationMailInput, { atOnce = false } = {}): Promise<EffectResult<MailOutcome>> => {
    const { registrationId, sequence, purpose: template } = input;
    const mailDomain = new URL(publicUrl).hostname;
    const mail = await prepareMail(db, keys, { registrationId, sequence, template, mailDomain });
    // The registration ended while this was waiting: the workflow has gone on, and nobody is to be mailed.
    if (!mail) return { outcome: 'sent' };

    const outcome = mail.template === 'account-exists' ? 'accountExists' : 'sent';
    if (mail.sent) return settle(db, input, outcome);
    const deliver = (state: 'refused' | 'failing', reply: string) =>
      recordDelivery(db, registrationId, sequence, { state, reply });
    try {
      const { reply } = await mailer.send({
        to: mail.email,
        messageId: mail.messageId,
        language: mail.language,
        ...render(mail, publicUrl),
        atOnce,
      });
      return await settle(db, input, outcome, { sequence, reply });
    } catch (error) {
      if (error instanceof RecipientRefused) {
        await deliver('refused', error.replyCode);
        return settle(db, input, 'mailRefused');
      }
      if (!(error instanceof MailServerUnavailable)) throw error;
      await deliver('failing', error.code);
      throw ApplicationFailure.retryable(`mail server: ${error.code}`, 'MailServerUnavailable');
    }
  };

function render(mail: PreparedMail, publicUrl: string) {
  const { email, reference } = mail;
  const language = languageOf(mail);
  const link = `${publicUrl}/register/${mail.token}`;
  if (mail.invitation) return renderInvitation(mail, mail.invitation, link, `${publicUrl}/login`);
  if (mail.template === 'account-exists')
    return renderEmail('account-exists', language, { email, loginUrl: `${publicUrl}/login` });
  return renderEmail(mail.template, language, {
    email,
    reference,
    link,
    cancelLink: `${link}/cancel`,
    linkHours: mail.linkHours,
    expiresAt: mail.expiresAt,
  });
}

/** To a person whom an administrator has invited; one who has an account is told that nothing happens to it (A13). */
function renderInvitation(
  mail: PreparedMail,
  { organisation, invitedBy }: NonNullable<PreparedMail['invitation']>,
  link: string,
  loginUrl: string,
) {
  const { email, template, expiresAt } = mail;
  const language = languageOf(mail);
  if (template === 'account-exists')
    return renderEmail('invitation-account-exists', language, {
      email,
      link: loginUrl,
      values: { organisation, invitedBy },
    });
  const values = { organisation, invitedBy, expires: formatMoment(expiresAt, language) };
  return renderEmail(template === 'reminder' ? 'invitation-reminder' : 'invitation', language, { email, link, values });
}

const languageOf = ({ language }: PreparedMail) => (isLanguage(language) ? language : 'en');
