import { recordAudit } from '../../../db/audit.js';
import type { Member } from '../../../db/organisation-user-list.js';
import { assertThat, RequestError } from '../../errors.js';
import type { Context } from '../../http.js';
import { askForReset } from '../../password-resets.js';
import type { Wiring } from '../wiring.js';
import { actorOf } from './actor.js';
import { reachOf } from './present-member.js';

/** Seconds after which a limit on mails to one mailbox has room again, in the shortest case. */
const mailPause = 60;

/** Has a link to choose a new password mailed to a user, and to nobody else (security.md P9). */
export async function startReset(ctx: Context, { services, publicUrl }: Wiring, member: Member): Promise<void> {
  const { isSelf, isOutOfReach } = reachOf(ctx, member);
  assertThat(!isSelf && !isOutOfReach && !member.disabled, 'forbidden');
  const { id: subject, email, language } = member;
  const mailDomain = new URL(publicUrl).hostname;
  if (!(await askForReset(services, { email, language, mailDomain })))
    throw new RequestError('tooManyAttempts', { retryAfter: mailPause });
  const { actor, source } = actorOf(ctx);
  const what = { action: 'user.resetStarted', subjectType: 'user', subject } as const;
  await recordAudit(services.db, { userId: actor.userId, source, ...what });
}
