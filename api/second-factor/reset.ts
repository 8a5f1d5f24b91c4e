import { type AuditEntry, recordAudit } from '../../db/audit.js';
import { type FactorOwner, removeFactors } from '../../db/second-factors.js';
import { handNotice } from '../outbox.js';
import type { Services } from '../registrations.js';
import { type Told, tellOwner } from './notices.js';

/**
 * Takes somebody's second factor off because they have lost it, with its audit line and the mail that tells them; false
 * when there is none. They are logged out everywhere, and where a second factor is required they set up a new one first.
 */
export async function resetSecondFactor(
  services: Services,
  owner: FactorOwner,
  told: Told,
  line: AuditEntry,
): Promise<boolean> {
  const { db, keys } = services;
  const noticeId = await db.transaction(async (trx) => {
    if (!(await removeFactors(trx, owner))) return undefined;
    await recordAudit(trx, line);
    return tellOwner(trx, keys, 'second-factor-reset', told);
  });
  if (noticeId) await handNotice(services, noticeId);
  return noticeId !== undefined;
}
