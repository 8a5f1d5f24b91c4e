import type { Knex } from 'knex';
import type { AuditEntry } from './audit.js';

export interface AuditFilter {
  /** Id of whoever did it. */
  staffId?: string;
  /** Beginning of the action: "registration." */
  action?: string;
  /** Reference or id of what it was done to. */
  subject?: string;
}

export interface AuditLine {
  id: string;
  at: Date;
  /** E-mail of whoever did it, an organisation's administrator's masked; their id when the account is gone; "Server" for a command. */
  actor: string;
  action: string;
  subjectType: AuditEntry['subjectType'];
  subject: string;
  /** What people call the subject, where it is still there and has a name. */
  subjectName: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  reason: string | null;
  source: string | null;
}

/** Users' addresses are personal: staff see whom they look at on the user's own page (security.md A15). */
const masked = `regexp_replace(u.email, '^(.).*@', '\\1***@')`;

/** Lines older than `before` (a line's id), newest first. The names of the subjects are looked up in the same query. */
export async function listAudit(
  db: Knex,
  filter: AuditFilter,
  { before, limit }: { before?: string; limit: number },
): Promise<AuditLine[]> {
  const { rows } = await db.raw<{ rows: AuditLine[] }>(
    `
    select a.id, a.at, coalesce(s.email, ${masked}, a.user_id::text, 'Server') as actor, a.action, a.subject_type as "subjectType", a.subject, a.before, a.after, a.reason,
        a.source,
        case a.subject_type
          when 'userType' then (select name from user_types where id = k.id)
          when 'application' then (select name from applications where id = k.id)
          when 'partner' then (select name from partners where id = k.id)
          when 'partnerCode' then
            (select concat_ws(' – ', p.name, c.label) from partner_codes c join partners p on p.id = c.partner_id where c.id = k.id)
          when 'user' then (select ${masked} from users u where u.id = k.id)
          when 'customer' then (select name from customers where id = k.id)
          when 'apiKey' then (select name from api_keys where id = k.id)
          when 'webhook' then (select name from webhook_endpoints where id = k.id)
          when 'staff' then coalesce((select email from staff where id = k.id), (select email from notices where id = k.id))
        end as "subjectName"
      from audit_log a
      left join staff s on s.id = a.staff_id
      left join users u on u.id = a.user_id
      -- What is no id has no name; in a subquery, so that the planner cannot cast before it has looked.
      cross join lateral (select case when a.subject ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then a.subject::uuid end as id) k
      where (cast(:before as bigint) is null or a.id < cast(:before as bigint))
        and (cast(:staffId as uuid) is null or a.staff_id = cast(:staffId as uuid))
        and (cast(:action as text) is null or starts_with(a.action, :action))
        and (cast(:subject as text) is null or a.subject = :subject)
      order by a.id desc limit :limit`,
    {
      before: before ?? null,
      staffId: filter.staffId ?? null,
      action: filter.action ?? null,
      subject: filter.subject ?? null,
      limit,
    },
  );
  return rows;
}
