import anyTest, { type TestFn } from 'ava';
import type { Database } from '../../db/connection.js';
import type { Registration } from '../../db/models.js';
import { recordTransitions } from '../../db/record-transitions.js';
import {
  eraseEnded,
  findByToken,
  noteLinkRequested,
  openRegistration,
  registrationsAwaitingEngine,
  saveDraft,
} from '../../db/registrations.js';
import { buildEmail } from '../builders/registrations.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { blockedSessions } from '../helpers/faults.js';
import { buildKeys, buildRegistration, buildStep, buildSubmission, endRegistration } from './fixtures/rows.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.db = t.context.postgres.db;
});
test.after.always((t) => t.context.postgres?.stop());

const submissionsOf = async (db: Database, { id }: Registration) =>
  (await db('registration_submissions').where({ registration_id: id })).length;

test('fifty starts for one e-mail at once open one registration, which all of them get', async (t) => {
  const { db } = t.context;
  const email = buildEmail();
  const opened = await Promise.all(Array.from({ length: 50 }, () => buildRegistration(db, email)));
  t.is(new Set(opened.map(({ id }) => id)).size, 1);
  t.is((await db('registrations').where({ email })).length, 1);
  t.is((await db('registration_events').where({ registration_id: opened[0]?.id })).length, 1);
});

test('a repeated start changes neither language nor lifetime: it is not proven who sent it', async (t) => {
  const { db } = t.context;
  const first = await buildRegistration(db);
  const again = await openRegistration(db, {
    email: first.email ?? '',
    kind: 'customer',
    language: 'de',
    lifetimeSeconds: 1,
  });
  t.like(again, { id: first.id, language: 'en', reference: first.reference });
  t.deepEqual(again.expires_at, first.expires_at);
});

test('references are short, readable on the phone, and say nothing', async (t) => {
  const { db } = t.context;
  const made = await Promise.all(Array.from({ length: 200 }, () => buildRegistration(db)));
  for (const { reference } of made) t.regex(reference, /^RG-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  t.is(new Set(made.map(({ reference }) => reference)).size, 200);
});

test('a draft proves the mailbox once, and nothing is kept after the end', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const first = await saveDraft(db, id, { kind: 'customer', answers: { givenName: 'Ann' }, language: 'de' });
  t.like(first, { draft: { givenName: 'Ann' }, language: 'de' });
  t.true(first?.proven_at instanceof Date);
  const second = await saveDraft(db, id, { kind: 'customer', answers: { givenName: 'Anna' }, language: 'de' });
  t.deepEqual(second?.proven_at, first?.proven_at);

  await endRegistration(db, id, 0, 'cancelled');
  t.is(await saveDraft(db, id, { kind: 'customer', answers: { givenName: 'Eve' }, language: 'en' }), undefined);
  t.deepEqual((await db('registrations').where({ id }).first()).draft, { givenName: 'Anna' });
});

test('the same idempotency key gives the submission stored first, also to sixteen at once', async (t) => {
  const { db } = t.context;
  const registration = await buildRegistration(db);
  const stored = await Promise.all(
    Array.from({ length: 16 }, (_, n) =>
      buildSubmission(db, registration, { idempotency_key: 'one', password_hash: `hash ${n}` }),
    ),
  );
  t.is(new Set(stored.map(({ id }) => id)).size, 1);
  t.is(new Set(stored.map(({ password_hash }) => password_hash)).size, 1);
});

test.serial(
  'no submission outlives its registration that ends at the same moment, whichever is first (INV-5)',
  async (t) => {
    const { db } = t.context;
    const end = buildStep(1, { event: 'CANCEL', to: 'cancelled', final: true });
    const [endsFirst, submitsFirst] = [await buildRegistration(db), await buildRegistration(db)];
    const ending = await db.transaction();
    await recordTransitions(ending, endsFirst.id, [end]);
    const submitted = t.throwsAsync(buildSubmission(db, endsFirst), { message: 'the submission is not there' });
    await blockedSessions(db);
    await ending.commit();
    await submitted;

    const submitting = await db.transaction();
    await buildSubmission(submitting, submitsFirst);
    const ended = recordTransitions(db, submitsFirst.id, [end]);
    await blockedSessions(db);
    await submitting.commit();
    await ended;
    for (const registration of [endsFirst, submitsFirst]) {
      t.is((await db('registrations').where({ id: registration.id }).first()).state, 'cancelled');
      t.is(await submissionsOf(db, registration), 0);
    }
  },
);

test('a malformed token finds nothing', async (t) => {
  const { db } = t.context;
  for (const token of ['', '\u{1f600}', "'; drop table users", 'x'.repeat(10_000)])
    t.is(await findByToken(db, buildKeys('k1'), token), undefined);
});

test('the reconciler gets the open registrations whose mail nobody took up, the longest waiting first', async (t) => {
  const { db } = t.context;
  const waiting = await Promise.all([1, 2, 3].map(() => buildRegistration(db)));
  const [oldest, fresh, ended] = waiting.map(({ id }) => id) as [string, string, string];
  const minutesAgo = (minutes: number) => db.raw('now() - make_interval(mins => ?)', [minutes]);
  await db('registrations')
    .where({ id: oldest })
    .update({ link_requested_at: minutesAgo(20) });
  await db('registrations').where({ id: fresh }).update({ link_requested_at: null });
  await db('registrations')
    .where({ id: ended })
    .update({ link_requested_at: minutesAgo(15) });
  await endRegistration(db, ended, 0);

  const found = (await registrationsAwaitingEngine(db, 600, 100)).map(({ id }) => id);
  t.deepEqual(found, [oldest]);
  await noteLinkRequested(db, fresh);
  t.false((await registrationsAwaitingEngine(db, 600, 100)).some(({ id }) => id === fresh));
  t.true((await registrationsAwaitingEngine(db, -1, 1_000)).some(({ id }) => id === fresh));
});

test.serial('what ended long ago loses all that is personal, and keeps its steps', async (t) => {
  const { db } = t.context;
  const gone = await buildRegistration(db);
  const recent = await buildRegistration(db);
  const open = await buildRegistration(db);
  for (const registration of [gone, recent, open]) {
    await db('registrations')
      .where({ id: registration.id })
      .update({ draft: { givenName: 'Ann' } });
    await buildSubmission(db, registration);
    await db('activation_links').insert({
      registration_id: registration.id,
      sequence: 1,
      key_id: 'k1',
      nonce: Buffer.from('n'),
      token_hash: Buffer.from(registration.id),
      expires_at: new Date(),
    });
  }
  await endRegistration(db, gone.id, 13);
  await endRegistration(db, recent.id, 11);

  t.is(await eraseEnded(db, 12 * 3_600, 100), 1);
  const row = await db('registrations').where({ id: gone.id }).first();
  t.like(row, { email: null, draft: null, state: 'expired', reference: gone.reference });
  t.true(row.erased_at instanceof Date);
  for (const table of ['activation_links', 'registration_submissions'])
    t.is((await db(table).where({ registration_id: gone.id })).length, 0, table);
  t.is((await db('registration_events').where({ registration_id: gone.id })).length, 1);
  for (const kept of [recent, open])
    t.like(await db('registrations').where({ id: kept.id }).first(), { email: kept.email, erased_at: null });
  t.is(await submissionsOf(db, recent), 0, 'what was submitted goes with the end');
  t.is(await submissionsOf(db, open), 1);
  t.is(await eraseEnded(db, 12 * 3_600, 100), 0, 'and only once');
});

test.serial('erasure goes in batches, and several processes share the work', async (t) => {
  const { db } = t.context;
  const ended = await Promise.all(Array.from({ length: 12 }, () => buildRegistration(db)));
  for (const { id } of ended) await endRegistration(db, id, 1_000);
  const erased = await Promise.all([1, 2, 3, 4].map(() => eraseEnded(db, 900 * 3_600, 3)));
  t.true(erased.every((count) => count <= 3));
  let rest = 0;
  for (let count = 3; count === 3; rest += count) count = await eraseEnded(db, 900 * 3_600, 3);
  t.is(erased.reduce((sum, count) => sum + count, 0) + rest, 12);
});
