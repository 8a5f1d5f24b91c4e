import type { Knex } from 'knex';
import type { RegistrationKind } from './models.js';

export interface WaitingTime {
  state: string;
  /** Seconds that half of those standing there have at least been there. */
  median: number;
}

/** How long open registrations have been in their states. */
export async function waitingTimes(db: Knex): Promise<WaitingTime[]> {
  const { rows } = await db.raw<{ rows: WaitingTime[] }>(`
    select state, percentile_cont(0.5) within group (order by extract(epoch from now() - state_since))::float8 as median
      from registrations where ended_at is null group by state`);
  return rows;
}

export interface AttentionCount {
  state: string;
  count: number;
  /** Seconds that the one waiting longest has been there. */
  longest: number;
}

/** What needs an operator, by state. */
export async function attentionCounts(db: Knex): Promise<AttentionCount[]> {
  const { rows } = await db.raw<{ rows: AttentionCount[] }>(`
    select state, count(*)::int as count, extract(epoch from now() - min(state_since))::float8 as longest
      from registrations where attention group by state`);
  return rows;
}

/** The registrations of one kind started on one day (UTC), and how far they have come by now. */
export interface FunnelDay {
  kind: RegistrationKind;
  /** "2025-11-24" */
  day: string;
  started: number;
  proven: number;
  submitted: number;
  completed: number;
  alreadyRegistered: number;
  expired: number;
  declined: number;
  cancelled: number;
  open: number;
}

/** One row a kind and day, today included, the newest day first; days without any as well. Nothing personal. */
export async function funnel(db: Knex, days: number): Promise<FunnelDay[]> {
  const { rows } = await db.raw<{ rows: FunnelDay[] }>(
    `
    with span as (
      select (now() at time zone 'utc')::date as today, (now() at time zone 'utc')::date - (:days::int - 1) as first
    ), started as (
      select r.kind, (r.created_at at time zone 'utc')::date as day, r.state, r.ended_at, r.proven_at,
          exists (select from registration_events e where e.registration_id = r.id and e.event = 'SUBMITTED') as submitted
        from registrations r where r.created_at >= (select first from span)::timestamp at time zone 'utc'
    ), counted as (
      select kind, day, count(*) as started, count(proven_at) as proven, count(*) filter (where submitted) as submitted,
          count(*) filter (where state = 'completed') as completed,
          count(*) filter (where state = 'alreadyRegistered') as already_registered,
          count(*) filter (where state = 'expired') as expired,
          count(*) filter (where state = 'declined') as declined,
          count(*) filter (where state = 'cancelled') as cancelled,
          count(*) filter (where ended_at is null) as open
        from started group by kind, day
    )
    select k.kind, to_char(d.day, 'YYYY-MM-DD') as day,
        coalesce(started, 0)::int as started, coalesce(proven, 0)::int as proven,
        coalesce(submitted, 0)::int as submitted, coalesce(completed, 0)::int as completed,
        coalesce(already_registered, 0)::int as "alreadyRegistered", coalesce(expired, 0)::int as expired,
        coalesce(declined, 0)::int as declined, coalesce(cancelled, 0)::int as cancelled, coalesce(open, 0)::int as open
      from span cross join lateral generate_series(span.first, span.today, interval '1 day') as d(day)
        cross join (values ('customer'), ('partner'), ('invited')) as k(kind)
        left join counted c on c.kind = k.kind and c.day = d.day::date
      order by k.kind, d.day desc`,
    { days },
  );
  return rows;
}
