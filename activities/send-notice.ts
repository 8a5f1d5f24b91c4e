import { ApplicationFailure } from '@temporalio/activity';
import { loadNotice, type NoticeTemplate, recordNotice } from '../db/notices.js';
import type { ActivityContext } from './activities.js';
import { renderEmail } from './emails/render.js';
import { isLanguage } from './i18n.js';
import { MailServerUnavailable, RecipientRefused } from './mailer.js';

export interface SendNoticeInput {
  noticeId: string;
}

/** Of mails that only tell something. */
const logIn = () => '/login';

/** Where the link of each notice leads, from its token. */
const linkPaths: Record<NoticeTemplate, (token?: string) => string> = {
  'staff-invitation': (token) => `/console/setup/${token}`,
  'invitation-held': () => '/register',
  // Not a secret: who decides is logged in.
  'join-request': (id) => `/account/join-requests/${id}`,
  'join-request-reminder': (id) => `/account/join-requests/${id}`,
  'join-declined': () => '/register',
  'join-unanswered': () => '/register',
  'password-reset': (token) => `/password-reset/${token}`,
  'password-reset-unknown': () => '/login',
  'password-changed': () => '/password-reset',
  'user-type-changed': () => '/login',
  'user-disabled': () => '/login',
  'user-enabled': () => '/login',
  'user-removed': () => '/login',
  'email-change': (token) => `/email-change/${token}`,
  'email-change-taken': () => '/login',
  'email-change-asked': () => '/account/security',
  'email-changed': () => '/login',
  'account-deleted': () => '/login',
  'second-factor-on': logIn,
  'second-factor-off': logIn,
  'second-factor-reset': logIn,
  'recovery-codes-made': logIn,
  'recovery-code-used': logIn,
  'passkey-added': logIn,
  'passkey-removed': logIn,
};

/** Mails a notice that belongs to no registration, such as an invitation to become staff. At least once, normally once. */
export const sendNotice =
  ({ db, mailer, keys, publicUrl }: ActivityContext) =>
  async ({ noticeId }: SendNoticeInput): Promise<void> => {
    const notice = await loadNotice(db, keys, noticeId);
    if (!notice) return; // sent already, or withdrawn
    const { template, email, messageId, token, values } = notice;
    const language = isLanguage(notice.language) ? notice.language : 'en';
    const link = `${publicUrl}${linkPaths[template](token)}`;
    const content = renderEmail(template, language, { email, link, values });
    try {
      const { reply } = await mailer.send({ to: email, messageId, language, ...content });
      await recordNotice(db, noticeId, { state: 'sent', reply });
    } catch (error) {
      if (error instanceof RecipientRefused)
        return recordNotice(db, noticeId, { state: 'refused', reply: error.replyCode });
      if (!(error instanceof MailServerUnavailable)) throw error;
      await recordNotice(db, noticeId, { state: 'failing', reply: error.code });
      throw ApplicationFailure.retryable(`mail server: ${error.code}`, 'MailServerUnavailable');
    }
  };
