import type { Knex } from 'knex';

/** Who did it: staff, an administrator of an organisation among its own users, or whoever ran a command on the server. */
export type AuditActor = { staffId: string } | { userId: string } | { onServer: true };

/** One change by staff or an administrator. `before` and `after` hold no secret and nothing personal (security.md A18, R4). */
export type AuditEntry = AuditActor & {
  /** Address the request came from; of what was done on the server, the command. */
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
    | 'webhook'
    | 'database';
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
    ...actorColumn(entry),
    source,
    action,
    subject_type: subjectType,
    subject,
    before: before && JSON.stringify(before),
    after: after && JSON.stringify(after),
    reason: reason || null,
  });
}

function actorColumn(actor: AuditActor): object {
  if ('staffId' in actor) return { staff_id: actor.staffId };
  return 'userId' in actor ? { user_id: actor.userId } : {};
}
