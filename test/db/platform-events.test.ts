/** What triggers tell the host platform of: each change once, in its transaction, and nothing personal. */
import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import type { Database } from '../../db/connection.js';
import { recordTransitions } from '../../db/record-transitions.js';
import { claimDeliveries, eraseEvents, recordAttempt } from '../../db/webhook-deliveries.js';
import { createWebhook, disableWebhook, eventTypes } from '../../db/webhooks.js';
import { buildEmail } from '../builders/registrations.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { buildKeys, buildRegistration, buildStep, buildUser } from './fixtures/rows.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; endpointId: string }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.endpointId = await buildEndpoint(t.context.postgres.db);
});
test.after.always((t) => t.context.postgres?.stop());

async function buildEndpoint(db: Database, event_types: string[] = [...eventTypes]): Promise<string> {
  const [staff] = await db('staff')
    .insert({ email: buildEmail('admin'), role: 'admin', password_hash: 'x' })
    .returning('id');
  const id = randomUUID();
  const values = { name: 'Host', url: 'https://host.example/events', event_types };
  await createWebhook(db, buildKeys('k1'), { id, staffId: staff.id, values });
  return id;
}

/** Types and data of the events about a registration or user, in order. */
async function eventsOf(db: Database, subject: string): Promise<{ type: string; data: Record<string, unknown> }[]> {
  return db('platform_events')
    .whereRaw("coalesce(data->>'reference', data->>'userId') = ?", [subject])
    .orderBy('at')
    .select('type', 'data');
}
const typesOf = async (db: Database, subject: string) => (await eventsOf(db, subject)).map(({ type }) => type);

/** Deliveries of events about this user to these endpoints; other tests make, delete and erase users, too. */
const deliveriesAbout = (db: Database, userId: string, endpoints: string[]) =>
  db('webhook_deliveries as d')
    .join('platform_events as v', 'v.id', 'd.event_id')
    .whereIn('d.endpoint_id', endpoints)
    .whereRaw("v.data->>'userId' = ?", [userId])
    .select('d.id', 'v.type', 'd.endpoint_id');

test('a registration tells of its start, proof and end, once each; what repeats a record tells nothing', async (t) => {
  const { db } = t.context.postgres;
  const email = buildEmail();
  const { id, reference } = await buildRegistration(db, email);
  await buildRegistration(db, email); // the same one, asked for again
  await db('registrations').where({ id }).update({ proven_at: new Date() });
  await db('registrations').where({ id }).update({ draft: '{}', updated_at: new Date() });
  await recordTransitions(db, id, [buildStep(1)]);
  const user = await buildUser(db, { registration_id: id, email });
  const completed = [buildStep(2, { from: 'awaitingProof', to: 'completed', final: true })];
  for (const _ of [1, 2]) await recordTransitions(db, id, completed);
  const events = await eventsOf(db, reference);
  t.deepEqual(
    events.map(({ type }) => type),
    ['registration.started', 'registration.verified', 'registration.completed'],
  );
  const { customer_id: customerId } = await db('users').where({ id: user.id }).first();
  t.like(events[2]?.data, { state: 'completed', kind: 'customer', userId: user.id, customerId, partnerId: null });
  t.regex(String(events[0]?.data.startedAt), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  t.false(JSON.stringify(events).includes(email));
});

for (const [state, type] of Object.entries({
  expired: 'registration.expired',
  cancelled: 'registration.cancelled',
  declined: 'registration.cancelled',
  alreadyRegistered: 'registration.cancelled',
}))
  test(`a registration that ends as ${state} tells ${type}`, async (t) => {
    const { db } = t.context.postgres;
    const { id, reference } = await buildRegistration(db);
    await recordTransitions(db, id, [buildStep(1, { to: state, final: true })]);
    const events = await eventsOf(db, reference);
    t.is(events.length, 2);
    t.like(events[1], { type, data: { state } });
  });

test('a parked lookup is told when it is parked first, and not again after each of its retries', async (t) => {
  const { db } = t.context.postgres;
  const { id, reference } = await buildRegistration(db);
  const parked = { from: 'resolvingPartner', to: 'lookupParked' };
  const retried = { from: 'lookupParked', to: 'resolvingPartner' };
  for (const [number, step] of [parked, retried, parked, retried, parked].entries())
    await recordTransitions(db, id, [buildStep(number + 1, step)]);
  t.deepEqual(await typesOf(db, reference), ['registration.started', 'registration.lookupParked']);
});

test('a user tells of each change that others see, by the names of what changed, and of no other', async (t) => {
  const { db } = t.context.postgres;
  const { id } = await buildUser(db);
  const change = (values: object) => db('users').where({ id }).update(values);
  await change({ password_hash: '$argon2id$other' });
  await change({ given_name: 'Ann' }); // as it was
  await change({ given_name: 'Anna', phone: '+491', time_zone: 'Europe/Berlin' });
  await change({ disabled_at: new Date() });
  await change({ disabled_at: new Date() });
  await change({ disabled_at: null });
  await db('users').where({ id }).delete();
  const events = await eventsOf(db, id);
  t.deepEqual(
    events.map(({ type }) => type),
    ['user.created', 'user.changed', 'user.disabled', 'user.enabled', 'user.deleted'],
  );
  t.deepEqual(events[1]?.data.changed, ['givenName', 'phone', 'timeZone']);
  t.false(JSON.stringify(events).includes('Anna'));
});

test('what is rolled back is not told', async (t) => {
  const { db } = t.context.postgres;
  const { id } = await buildUser(db);
  await db
    .transaction(async (trx) => {
      await trx('users').where({ id }).update({ given_name: 'Nobody' });
      throw new Error('no');
    })
    .catch(() => undefined);
  t.deepEqual(await typesOf(db, id), ['user.created']);
});

test('an endpoint gets what it wants while it is enabled, and each delivery is handed on once', async (t) => {
  const { db } = t.context.postgres;
  const [wants, off] = [await buildEndpoint(db, ['user.deleted']), await buildEndpoint(db)];
  await disableWebhook(db, off, 'staff');
  const { id } = await buildUser(db);
  await db('users').where({ id }).delete();
  const deliveries = await deliveriesAbout(db, id, [wants, off]);
  t.deepEqual(
    deliveries.map(({ type, endpoint_id }) => [type, endpoint_id]),
    [['user.deleted', wants]],
  );
  const claims = await Promise.all([1, 2, 3].map(() => claimDeliveries(db, 1_000)));
  t.is(claims.flat().filter((claimed) => claimed === deliveries[0].id).length, 1);
  // Nobody has tried it for a minute: whoever claimed it is gone.
  await db('webhook_deliveries')
    .where({ id: deliveries[0].id })
    .update({ handed_at: new Date(Date.now() - 61_000) });
  t.true((await claimDeliveries(db, 1_000)).includes(deliveries[0].id));
});

test('an endpoint that has taken nothing for five days is disabled by a delivery that is given up', async (t) => {
  const { db } = t.context.postgres;
  const id = await buildEndpoint(db, ['user.created']);
  const state = () => db('webhook_endpoints').where({ id }).first('failing_since', 'disabled_reason');
  const deliver = async (attempt: 'retrying' | 'failed' | 'delivered') => {
    const user = await buildUser(db);
    const [delivery] = await deliveriesAbout(db, user.id, [id]);
    await recordAttempt(db, delivery.id, { state: attempt, sent: true, status: attempt === 'delivered' ? 204 : 500 });
  };
  await deliver('retrying');
  t.truthy((await state()).failing_since);
  await deliver('delivered');
  t.is((await state()).failing_since, null);
  await deliver('failed');
  t.is((await state()).disabled_reason, null);
  await db('webhook_endpoints')
    .where({ id })
    .update({ failing_since: new Date(Date.now() - 6 * 86_400_000) });
  await deliver('retrying');
  t.is((await state()).disabled_reason, null);
  await deliver('failed');
  t.is((await state()).disabled_reason, 'failing');
});

test('events older than thirty days are erased with their deliveries', async (t) => {
  const { db } = t.context.postgres;
  const { id } = await buildUser(db);
  const [event] = await db('platform_events').whereRaw("data->>'userId' = ?", [id]);
  t.truthy(await db('webhook_deliveries').where({ event_id: event.id }).first());
  await db('platform_events')
    .where({ id: event.id })
    .update({ at: db.raw("now() - interval '31 days'") });
  while ((await eraseEvents(db, 1)) === 1);
  t.deepEqual(await typesOf(db, id), []);
  t.is(await db('webhook_deliveries').where({ event_id: event.id }).first(), undefined);
});
