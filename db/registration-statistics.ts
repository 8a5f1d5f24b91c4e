import type { Knex } from 'knex';
import type { RegistrationKind } from './models.js';

/** Of one state in which registrations stand. */
export interface StateFigures {
  state: string;
  count: number;
  /** Seconds that half of those standing there have at least been there; null where they have ended. */
  median: number | null;
  /** How many of them need an operator. */
  attention: number;
  /** Seconds that the one of these waiting longest has been there; null without any. */
  longest: number | null;
}

/** Where all registrations stand, in one pass over them. */
export async function stateFigures(db: Knex): Promise<StateFigures[]> {
  const { rows } = await db.raw<{ rows: StateFigures[] }>(`
    select state, count(*)::int as count,
        extract(epoch from now() - percentile_disc(0.5) within group (order by state_since desc)
          filter (where ended_at is null))::float8 as median,
        count(*) filter (where attention)::int as attention,
        extract(epoch from now() - min(state_since) filter (where attention))::float8 as longest
      from registrations group by state`);
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
