/** Deliveries of events to endpoints: handed to the engine, tried, seen and sent again. */
import type { Knex } from 'knex';
import { pingType, type WebhookEndpoint } from './webhooks.js';

/** Events and their deliveries are kept this long; afterwards nothing can be sent again. */
const kept = "interval '30 days'";
/** A delivery that the engine was asked for, and that nobody has tried since, is asked for again. */
const handedAgain = "interval '1 minute'";
/** An endpoint that has taken nothing for this long, through all tries of some delivery, is disabled. */
const failingAtMost = "interval '5 days'";

export type DeliveryState = 'waiting' | 'retrying' | 'delivered' | 'failed';

/** Takes on deliveries that no workflow has begun; of several processes each gets others. */
export async function claimDeliveries(db: Knex, limit: number): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `
    update webhook_deliveries set handed_at = now() where id in (
      select id from webhook_deliveries
        where state = 'waiting' and (handed_at is null or handed_at < now() - ${handedAgain})
        order by created_at limit :limit for update skip locked
    ) returning id`,
    { limit },
  );
  return rows.map(({ id }) => id);
}

/** The engine did not take them: they wait for the next round. */
export async function giveBack(db: Knex, ids: string[]): Promise<void> {
  await db('webhook_deliveries').whereIn('id', ids).where({ state: 'waiting' }).update({ handed_at: null });
}

export interface Delivery
  extends Pick<
    WebhookEndpoint,
    'url' | 'sealed_secret' | 'sealed_old_secret' | 'old_secret_until' | 'disabled_at' | 'failing_since'
  > {
  endpoint_id: string;
  event_id: string;
  type: string;
  data: object;
  at: Date;
}

/** What is to be sent, and where; undefined once it has ended, or is erased. */
export async function loadDelivery(db: Knex, id: string): Promise<Delivery | undefined> {
  return db('webhook_deliveries as d')
    .join('platform_events as v', 'v.id', 'd.event_id')
    .join('webhook_endpoints as e', 'e.id', 'd.endpoint_id')
    .where('d.id', id)
    .whereIn('d.state', ['waiting', 'retrying'])
    .first(
      'd.endpoint_id',
      'd.event_id',
      'v.type',
      'v.data',
      'v.at',
      'e.url',
      'e.sealed_secret',
      'e.sealed_old_secret',
      'e.old_secret_until',
      'e.disabled_at',
      'e.failing_since',
    );
}

export interface Attempt {
  state: Exclude<DeliveryState, 'waiting'>;
  /** HTTP's; absent when there was no answer. */
  status?: number;
  /** Why it did not go through: a fixed word, never what was answered. */
  reason?: string;
  retryInSeconds?: number;
  /** Whether something was sent, or only given up. */
  sent: boolean;
}

/**
 * Notes an attempt and what it says of the endpoint. One that has failed for days is disabled when a delivery has used up
 * its tries.
 */
export async function recordAttempt(db: Knex, id: string, attempt: Attempt): Promise<void> {
  const { state, status, reason, retryInSeconds, sent } = attempt;
  await db.raw(
    `
    with delivery as (
      update webhook_deliveries
        set state = :state, status = :status, reason = :reason, attempts = attempts + :sent,
            next_attempt_at = now() + make_interval(secs => :retryInSeconds),
            finished_at = case when :state <> 'retrying' then now() end
        where id = :id and state in ('waiting', 'retrying')
        returning endpoint_id
    )
    update webhook_endpoints e
      set failing_since = case when :state = 'delivered' then null else coalesce(failing_since, now()) end,
          disabled_at = case when :state = 'failed' and failing_since < now() - ${failingAtMost}
            then coalesce(disabled_at, now()) else disabled_at end,
          disabled_reason = case when :state = 'failed' and failing_since < now() - ${failingAtMost}
            then coalesce(disabled_reason, 'failing') else disabled_reason end
      from delivery d where e.id = d.endpoint_id and :sent = 1
        and not (:state = 'delivered' and failing_since is null)
        and not (:state = 'retrying' and failing_since is not null)`,
    {
      id,
      state,
      status: status ?? null,
      reason: reason ?? null,
      retryInSeconds: retryInSeconds ?? null,
      sent: sent ? 1 : 0,
    },
  );
}

export interface ListedDelivery {
  id: string;
  eventId: string;
  type: string;
  subject: string | null;
  state: DeliveryState;
  attempts: number;
  status: number | null;
  reason: string | null;
  createdAt: Date;
  nextAttemptAt: Date | null;
  finishedAt: Date | null;
  /** A replay or test: who asked for it. */
  requestedBy: string | null;
}

/** The newest deliveries of an endpoint; `after` is the id of the last one on the page before. */
export async function listDeliveries(
  db: Knex,
  { endpointId, state, after, limit }: { endpointId: string; state?: DeliveryState; after?: string; limit: number },
): Promise<ListedDelivery[]> {
  const { rows } = await db.raw<{ rows: ListedDelivery[] }>(
    `
    select d.id, d.event_id as "eventId", v.type, coalesce(v.data->>'reference', v.data->>'userId') as subject, d.state,
        d.attempts, d.status, d.reason, d.created_at as "createdAt", d.next_attempt_at as "nextAttemptAt",
        d.finished_at as "finishedAt", s.email as "requestedBy"
      from webhook_deliveries d join platform_events v on v.id = d.event_id
        left join staff s on s.id = d.requested_by
      where d.endpoint_id = :endpointId and (:state::text is null or d.state = :state)
        and (:after::uuid is null
          or (d.created_at, d.id) < (select created_at, id from webhook_deliveries where id = :after::uuid))
      order by d.created_at desc, d.id desc limit :limit`,
    { endpointId, state: state ?? null, after: after ?? null, limit },
  );
  return rows;
}

/** How many deliveries of each endpoint stand in each state. */
export async function countDeliveries(db: Knex): Promise<Map<string, Partial<Record<DeliveryState, number>>>> {
  const rows: { endpoint_id: string; state: DeliveryState; count: number }[] = await db('webhook_deliveries')
    .groupBy('endpoint_id', 'state')
    .select('endpoint_id', 'state', db.raw('count(*)::integer as count'));
  const counts = new Map<string, Partial<Record<DeliveryState, number>>>();
  for (const { endpoint_id, state, count } of rows)
    counts.set(endpoint_id, { ...counts.get(endpoint_id), [state]: count });
  return counts;
}

/** Under way already, to the same endpoint: sending it once more at the same time would say nothing new. */
const underWay = `exists (select from webhook_deliveries p
  where p.event_id = d.event_id and p.endpoint_id = d.endpoint_id and p.state in ('waiting', 'retrying'))`;

/** Sends the event of a delivery again, as a delivery of its own; false if it is under way, or erased. */
export async function replayDelivery(
  trx: Knex,
  { id, endpointId, staffId }: { id: string; endpointId: string; staffId: string },
): Promise<boolean> {
  await lockEndpoint(trx, endpointId);
  const { rowCount } = await trx.raw(
    `
    insert into webhook_deliveries (event_id, endpoint_id, requested_by)
    select d.event_id, d.endpoint_id, :staffId from webhook_deliveries d
      where d.id = :id and d.endpoint_id = :endpointId and not ${underWay}`,
    { id, endpointId, staffId },
  );
  return rowCount > 0;
}

/** Sends every event again that failed since then and has not gone through later; returns how many. */
export async function replayFailed(
  trx: Knex,
  { endpointId, since, staffId }: { endpointId: string; since: Date; staffId: string },
): Promise<number> {
  await lockEndpoint(trx, endpointId);
  const { rowCount } = await trx.raw(
    `
    insert into webhook_deliveries (event_id, endpoint_id, requested_by)
    select distinct d.event_id, d.endpoint_id, :staffId::uuid from webhook_deliveries d
      where d.endpoint_id = :endpointId and d.state = 'failed' and d.created_at >= :since and not ${underWay}
        and not exists (select from webhook_deliveries later
          where later.event_id = d.event_id and later.endpoint_id = d.endpoint_id and later.state = 'delivered')`,
    { endpointId, since, staffId },
  );
  return rowCount;
}

/** Of two who ask for a replay at once, the second sees what the first has asked for. */
const lockEndpoint = (trx: Knex, id: string) => trx('webhook_endpoints').where({ id }).forUpdate().first('id');

/** An event of no consequence, to try the endpoint with, whatever it has subscribed to. */
export async function sendPing(
  trx: Knex,
  { endpointId, staffId }: { endpointId: string; staffId: string },
): Promise<void> {
  await trx.raw(
    `
    with event as (
      insert into platform_events (type, data) values (:pingType, jsonb_build_object('endpointId', :endpointId::text))
      returning id
    )
    insert into webhook_deliveries (event_id, endpoint_id, requested_by) select id, :endpointId::uuid, :staffId::uuid from event`,
    { pingType, endpointId, staffId },
  );
}

/** Erases what is too old to be sent again, some at a time; returns how many events. */
export async function eraseEvents(db: Knex, limit: number): Promise<number> {
  return db('platform_events')
    .whereIn('id', db('platform_events').whereRaw(`at < now() - ${kept}`).select('id').limit(limit))
    .delete();
}
