import { ApplicationFailure } from '@temporalio/activity';
import { loadNotice, noticeTokenPurpose, recordNotice } from '../db/notices.js';
import type { ActivityContext } from './activities.js';
import { renderEmail } from './emails/render.js';
import { isLanguage } from './i18n.js';
import { MailServerUnavailable, RecipientRefused } from './mailer.js';

export interface SendNoticeInput {
  noticeId: string;
}

/** Mails a notice that belongs to no registration: an invitation to become staff. At least once, normally once. */
export const sendNotice =
  ({ db, mailer, keys, publicUrl }: ActivityContext) =>
  async ({ noticeId }: SendNoticeInput): Promise<void> => {
    const notice = await loadNotice(db, noticeId);
    if (!notice?.sealed_token) return; // sent already, or withdrawn
    const token = keys.unseal(noticeTokenPurpose, notice.sealed_token);
    const language = isLanguage(notice.language) ? notice.language : 'en';
    const link = `${publicUrl}/console/setup/${token}`;
    const content = renderEmail('staff-invitation', language, { email: notice.email, link });
    try {
      const { reply } = await mailer.send({ to: notice.email, messageId: notice.message_id, language, ...content });
      await recordNotice(db, noticeId, { state: 'sent', reply });
    } catch (error) {
      if (error instanceof RecipientRefused)
        return recordNotice(db, noticeId, { state: 'refused', reply: error.replyCode });
      if (!(error instanceof MailServerUnavailable)) throw error;
      await recordNotice(db, noticeId, { state: 'failing', reply: error.code });
      throw ApplicationFailure.retryable(`mail server: ${error.code}`, 'MailServerUnavailable');
    }
  };
