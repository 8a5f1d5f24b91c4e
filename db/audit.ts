import type { Knex } from 'knex';

/** Who did it: staff, or an administrator of an organisation among its own users. */
export type AuditActor = { staffId: string } | { userId: string };

/** One change by staff or an administrator. `before` and `after` hold no secret and nothing personal (security.md A18, R4). */
export type AuditEntry = AuditActor & {
  /** Address the request came from. */
  source: string;
  /** What was done, `subject.verb`: "settings.changed", "registration.cancelled". */
  action: string;
  subjectType:
    | 'registration'
    | 'settings'
    | 'userType'
    | 'agreement'
    | 'partner'
    | 'partnerCode'
    | 'provider'
    | 'staff'
    | 'batch'
    | 'user'
    | 'customer'
    | 'apiKey'
    | 'application'
    | 'webhook';
  /** A registration's reference, else an id. */
  subject: string;
  before?: object;
  after?: object;
  reason?: string;
};

/** Writes one line of the audit log, in the transaction of the change itself: neither without the other. */
export async function recordAudit(trx: Knex, entry: AuditEntry): Promise<void> {
  const { source, action, subjectType, subject, before, after, reason } = entry;
  await trx('audit_log').insert({
    ...('staffId' in entry ? { staff_id: entry.staffId } : { user_id: entry.userId }),
    source,
    action,
    subject_type: subjectType,
    subject,
    before: before && JSON.stringify(before),
    after: after && JSON.stringify(after),
    reason: reason || null,
  });
}
