import { ApplicationFailure } from '@temporalio/activity';
import { recordDelivery } from '../db/activation-mails.js';
import { type NoticeTemplate, prepareNotice } from '../db/registration-notices.js';
import type { ActivityContext } from './activities.js';
import { renderEmail } from './emails/render.js';
import { isLanguage } from './i18n.js';
import { MailServerUnavailable, RecipientRefused } from './mailer.js';
import { type EffectInput, type EffectResult, recordTransitions, settle } from './record-transitions.js';

export interface NotifyPersonInput extends EffectInput<'told'> {
  sequence: number;
}
export interface TellOutcomeInput {
  registrationId: string;
  sequence: number;
  template: NoticeTemplate;
}

/** Mails a waiting person that nothing is lost, as an effect of the state they wait in. */
const notifyPerson =
  (template: NoticeTemplate) =>
  (context: ActivityContext) =>
  async (input: NotifyPersonInput): Promise<EffectResult<'told'>> => {
    const { registrationId, sequence, record } = input;
    // Staff must see where it stands also while the mail server is down.
    await recordTransitions(context)({ registrationId, transitions: record.pending });
    await mailNotice(context, { registrationId, sequence, template });
    return settle(context.db, input, 'told');
  };

export const notifyLookupDelayed = notifyPerson('lookup-delayed');
export const notifyApprovalAwaited = notifyPerson('approval-awaited');

/** Mails a person who waited what came of it, when the registration has ended. */
export const tellOutcome =
  (context: ActivityContext) =>
  (input: TellOutcomeInput): Promise<void> =>
    mailNotice(context, input);

/** At least once, normally once, under one Message-ID; an address that is refused is noted and given up. */
async function mailNotice({ db, mailer, publicUrl }: ActivityContext, notice: TellOutcomeInput): Promise<void> {
  const { registrationId, sequence } = notice;
  const mail = await prepareNotice(db, { ...notice, mailDomain: new URL(publicUrl).hostname });
  if (!mail || mail.sent) return;
  const deliver = (state: 'sent' | 'refused' | 'failing', reply: string) =>
    recordDelivery(db, registrationId, sequence, { state, reply });
  const language = isLanguage(mail.language) ? mail.language : 'en';
  const { email, reference } = mail;
  const variables = { email, reference, loginUrl: `${publicUrl}/login`, startUrl: `${publicUrl}/register` };
  try {
    const content = renderEmail(notice.template, language, variables);
    const { reply } = await mailer.send({ to: email, messageId: mail.messageId, language, ...content });
    await deliver('sent', reply);
  } catch (error) {
    if (error instanceof RecipientRefused) return deliver('refused', error.replyCode);
    if (!(error instanceof MailServerUnavailable)) throw error;
    await deliver('failing', error.code);
    throw ApplicationFailure.retryable(`mail server: ${error.code}`, 'MailServerUnavailable');
  }
}
