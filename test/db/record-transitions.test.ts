import anyTest, { type TestFn } from 'ava';
import type { Database } from '../../db/connection.js';
import { recordTransitions } from '../../db/record-transitions.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { buildRegistration, buildStep, buildSubmission } from './fixtures/rows.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.db = t.context.postgres.db;
});
test.after.always((t) => t.context.postgres?.stop());

const load = (db: Database, id: string) => db('registrations').where({ id }).first();
const steps = (db: Database, id: string) =>
  db('registration_events').where({ registration_id: id }).orderBy('sequence').select('sequence', 'event', 'to_state');

test('a step moves the row and is told once, however often it is recorded', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  for (const _ of [1, 2, 3]) await recordTransitions(db, id, [buildStep(1)]);
  t.like(await load(db, id), { state: 'awaitingProof', sequence: 1, attention: false, problem: null, ended_at: null });
  t.deepEqual(await steps(db, id), [
    { sequence: 0, event: 'STARTED', to_state: 'sendingActivation' },
    { sequence: 1, event: 'MAIL_SENT', to_state: 'awaitingProof' },
  ]);
});

test('several steps at once are all told, in order, with their times, and the row takes the last', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const proven = buildStep(2, { from: 'awaitingProof', event: 'PROVEN', to: 'awaitingDetails', actor: 'registrant' });
  await recordTransitions(db, id, [buildStep(1), proven]);
  t.like(await load(db, id), { state: 'awaitingDetails', sequence: 2 });
  const [, , last] = await db('registration_events').where({ registration_id: id }).orderBy('sequence');
  t.like(last, { from_state: 'awaitingProof', actor: 'registrant' });
  t.is(last.at.getTime(), proven.at);
});

test('nothing to record changes nothing', async (t) => {
  const { db } = t.context;
  const before = await buildRegistration(db);
  await recordTransitions(db, before.id, []);
  t.like(await load(db, before.id), { state: before.state, sequence: 0 });
});

test('an earlier step that comes late does not move the row back', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  await recordTransitions(db, id, [buildStep(1), buildStep(2, { to: 'awaitingDetails' })]);
  await recordTransitions(db, id, [buildStep(1)]);
  t.like(await load(db, id), { state: 'awaitingDetails', sequence: 2 });
});

test('a promised step moves the row forward, and its repetition is harmless', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  for (const _ of [1, 2]) await recordTransitions(db, id, [], buildStep(1));
  t.like(await load(db, id), { state: 'awaitingProof', sequence: 1 });
  t.is((await steps(db, id)).length, 2);
});

test('a promised step neither moves the row back nor replaces what the machine said', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const cancelled = buildStep(1, { event: 'CANCEL', to: 'cancelled', final: true, actor: 'registrant' });
  await recordTransitions(db, id, [cancelled]);
  await recordTransitions(db, id, [], buildStep(1));
  t.like(await load(db, id), { state: 'cancelled', sequence: 1 });
  t.deepEqual((await steps(db, id)).at(-1), { sequence: 1, event: 'CANCEL', to_state: 'cancelled' });
});

test('the machine replaces a promise that something overtook', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  await recordTransitions(db, id, [], buildStep(1));
  const cancelled = buildStep(1, { event: 'CANCEL', to: 'cancelled', final: true, actor: 'registrant' });
  await recordTransitions(db, id, [cancelled]);
  const row = await load(db, id);
  t.like(row, { state: 'cancelled', sequence: 1 });
  t.true(row.ended_at instanceof Date);
  t.deepEqual((await steps(db, id)).at(-1), { sequence: 1, event: 'CANCEL', to_state: 'cancelled' });
});

test('a final promise that the machine did not keep leaves the registration open again', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  await recordTransitions(db, id, [], buildStep(1, { to: 'alreadyRegistered', final: true }));
  await recordTransitions(db, id, [buildStep(1, { event: 'SUBMITTED', to: 'creatingAccount' })]);
  t.like(await load(db, id), { state: 'creatingAccount', ended_at: null });
});

test('what was cancelled or declined is not revived by a workflow that does not know, and it is told', async (t) => {
  const { db } = t.context;
  for (const state of ['cancelled', 'declined']) {
    const { id } = await buildRegistration(db);
    const end = buildStep(1, { event: 'CANCEL', to: state, final: true, actor: 'operator' });
    for (const _ of [1, 2]) t.deepEqual(await recordTransitions(db, id, [end]), {}, 'its own repetition is no news');
    t.deepEqual(await recordTransitions(db, id, [buildStep(2, { to: 'awaitingDetails' })]), { endedAs: state });
    t.deepEqual(await recordTransitions(db, id, [], buildStep(2, { to: 'awaitingDetails' })), { endedAs: state });
    const row = await load(db, id);
    t.like(row, { state, sequence: 1 });
    t.true(row.ended_at instanceof Date);
    t.is((await steps(db, id)).length, 2);
  }
});

test('the same steps from twenty workers at once leave one row each and the last state', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const told = [buildStep(1), buildStep(2, { to: 'awaitingDetails' }), buildStep(3, { to: 'creatingAccount' })];
  const calls = Array.from({ length: 21 }, (_, call) =>
    recordTransitions(db, id, told.slice(0, (call % 3) + 1), call % 2 ? buildStep((call % 3) + 2) : undefined),
  );
  await Promise.all(calls);
  await recordTransitions(db, id, told);
  const recorded = await steps(db, id);
  t.deepEqual(
    recorded.slice(0, 4).map(({ to_state }) => to_state),
    ['sendingActivation', 'awaitingProof', 'awaitingDetails', 'creatingAccount'],
  );
  t.is(new Set(recorded.map(({ sequence }) => sequence)).size, recorded.length);
});

test('a step with trouble says so on the row, and the next one clears it', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const trouble = { to: 'mailUndeliverable', attention: true, problem: 'mailRefused' };
  await recordTransitions(db, id, [buildStep(1, trouble)]);
  t.like(await load(db, id), trouble.problem ? { attention: true, problem: 'mailRefused' } : {});
  await recordTransitions(db, id, [buildStep(2, { to: 'sendingActivation' })]);
  t.like(await load(db, id), { attention: false, problem: null });
});

test('completion erases what was typed and submitted; another end keeps the draft for the erasure', async (t) => {
  const { db } = t.context;
  for (const [state, draft] of [
    ['completed', null],
    ['cancelled', { companyName: 'Acme' }],
  ] as const) {
    const registration = await buildRegistration(db);
    await db('registrations')
      .where({ id: registration.id })
      .update({ draft: { companyName: 'Acme' } });
    await buildSubmission(db, registration);
    await recordTransitions(db, registration.id, [], buildStep(1, { to: state, final: true }));
    t.deepEqual((await load(db, registration.id)).draft, draft);
    t.is((await db('registration_submissions').where({ registration_id: registration.id })).length, 0);
  }
});
