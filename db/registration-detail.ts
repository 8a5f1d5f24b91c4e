import type { Knex } from 'knex';
import { type OrganisationKind, Registration } from './models.js';

export const findRegistration = async (db: Knex, reference: string): Promise<Registration | undefined> =>
  Registration.query(db).findOne({ reference });

export const findRegistrationById = async (db: Knex, id: string): Promise<Registration | undefined> =>
  Registration.query(db).findById(id);

/** Who registers, as far as it is known; personal, so masked or audited before anybody sees it (security.md A15). */
export interface Registrant {
  /** Null once erased. */
  email: string | null;
  /** By the name of the field that it was typed into. */
  answers: Record<string, string>;
  /** The partner that the code led to, or that was assigned, once somebody has joined it. */
  partner: { id: string; name: string } | null;
  hasCode: boolean;
  /** Links that would still open the registration. */
  links: number;
}

/** Of the account, once there is one: it outlives what was typed. */
export async function findRegistrant(db: Knex, registrationId: string): Promise<Registrant> {
  const { rows } = await db.raw<{ rows: Registrant[] }>(
    `
    select coalesce(r.email, u.email) as email,
        case when u.id is null then coalesce(r.draft, '{}') else jsonb_strip_nulls(jsonb_build_object(
          'givenName', u.given_name, 'familyName', u.family_name, 'phone', u.phone,
          'companyName', c.name, 'companyStreet', c.street, 'companyPostalCode', c.postal_code, 'companyCity', c.city,
          'companyCountry', c.country, 'companyVatNumber', c.vat_number)) end as answers,
        case when p.id is not null then jsonb_build_object('id', p.id, 'name', p.name) end as partner,
        r.draft_code is not null or u.partner_code_id is not null or s.sealed_code is not null as "hasCode",
        (select count(*)::int from activation_links l
          where l.registration_id = r.id and l.expires_at > now() and r.ended_at is null) as links
      from registrations r
        left join users u on u.registration_id = r.id
        left join customers c on c.id = u.customer_id
        left join lateral (
          select * from registration_submissions where registration_id = r.id order by created_at desc limit 1
        ) s on true
        left join partners p on p.id = coalesce(u.partner_id, s.partner_id)
      where r.id = :registrationId`,
    { registrationId },
  );
  if (!rows[0]) throw new Error('the registration is gone');
  return rows[0];
}

export interface PossibleDuplicate {
  kind: OrganisationKind;
  createdAt: Date;
  /** Of the registration that made it, if one did. */
  reference: string | null;
}

/** Organisations of the same name, besides the one that this registration has made or joined: for staff only (security.md D7). */
export async function possibleDuplicates(
  db: Knex,
  registrationId: string,
  name: string,
  limit: number,
): Promise<PossibleDuplicate[]> {
  const { rows } = await db.raw<{ rows: PossibleDuplicate[] }>(
    `
    select o.kind, o.created_at as "createdAt", r.reference
      from (
        select 'customer' as kind, c.id, c.created_at, (
            select u.registration_id from users u where u.customer_id = c.id and u.registration_id is not null
              order by u.created_at limit 1
          ) as registration_id
          from customers c where lower(c.name) = lower(:name)
        union all
        select 'partner', p.id, p.created_at, p.registration_id from partners p where lower(p.name) = lower(:name)
      ) o left join registrations r on r.id = o.registration_id
      where o.registration_id is distinct from :registrationId
        and not exists (select from users u where u.registration_id = :registrationId and o.id in (u.customer_id, u.partner_id))
      order by o.created_at limit :limit`,
    { registrationId, name, limit },
  );
  return rows;
}

/** One thing that happened to a registration. Codes, numbers and staff's own words; nothing of the registrant. */
export type TimelineEntry = { at: string } & (
  | { source: 'step'; event: string; from: string | null; to: string; actor: string }
  | { source: 'mail'; template: string; state: string; attempts: number; reply: string | null }
  | { source: 'lookup'; outcome: string; reason: string | null; milliseconds: number }
  | { source: 'audit'; action: string; staff: string; reason: string | null; result: string | null }
  | { source: 'batch'; batchId: string; staff: string; reason: string | null }
  | { source: 'join'; what: string }
);

/** Everything that happened, in the order of time; of more than `limit` entries the last ones. */
export async function timelineOf(
  db: Knex,
  { id, reference }: Pick<Registration, 'id' | 'reference'>,
  limit: number,
): Promise<TimelineEntry[]> {
  const { rows } = await db.raw<{ rows: { entry: TimelineEntry }[] }>(
    `
    select jsonb_build_object('at', at, 'source', source) || entry as entry from (
      select at, 'step' as source, sequence as place,
          jsonb_build_object('event', event, 'from', from_state, 'to', to_state, 'actor', actor) as entry
        from registration_events where registration_id = :id
      union all
      select coalesce(sent_at, created_at), 'mail', sequence,
          jsonb_build_object('template', template, 'state', state, 'attempts', attempts, 'reply', reply)
        from mails where registration_id = :id
      union all
      select at, 'lookup', id, jsonb_build_object('outcome', outcome, 'reason', reason, 'milliseconds', milliseconds)
        from lookups where registration_id = :id
      union all
      select a.at, 'audit', a.id, jsonb_build_object(
            'action', a.action, 'staff', s.email, 'reason', a.reason, 'result', a.after ->> 'result')
        from audit_log a join staff s on s.id = a.staff_id
        where a.subject_type = 'registration' and a.subject = :reference
      union all
      select i.sent_at, 'batch', 0, jsonb_build_object('batchId', b.id, 'staff', s.email, 'reason', b.reason)
        from batch_items i join batches b on b.id = i.batch_id join staff s on s.id = b.staff_id
        where i.registration_id = :id and i.sent_at is not null
      union all
      -- Whether the named address is an administrator's is for staff only (security.md D7).
      select step.at, 'join', 0, jsonb_build_object('what', step.what)
        from join_requests j cross join lateral (values
          (j.created_at, 'wished'),
          (j.asked_at, case when j.administrator_id is null then 'nobodyThere' else 'asked' end),
          (case when j.administrator_id is not null then j.reminded_at end, 'reminded'),
          (j.ended_at, j.outcome)
        ) step (at, what)
        where j.registration_id = :id and step.at is not null
    ) everything order by at desc, source desc, place desc limit :limit`,
    { id, reference, limit },
  );
  return rows.map(({ entry }) => entry).reverse();
}
