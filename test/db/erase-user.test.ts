import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { expiredSessions } from '../../api/sessions.js';
import { acceptAgreements, currentAgreements, pendingAgreements } from '../../db/agreements.js';
import type { Database } from '../../db/connection.js';
import { eraseUser } from '../../db/erase-user.js';
import { eraseExpired, expired } from '../../db/expired.js';
import { eraseJoinRequests } from '../../db/join-requests.js';
import { insertNotice } from '../../db/notices.js';
import { buildEmail } from '../builders/registrations.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { personal } from '../helpers/personal-data.js';
import { columnsHolding } from '../helpers/sentinels.js';
import { buildKeys, buildRegistration, buildSubmission, buildUser, endRegistration } from './fixtures/rows.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.db = t.context.postgres.db;
});
test.after.always((t) => t.context.postgres?.stop());

test.serial('what a user still has to accept is each current version of their kind, in their language', async (t) => {
  const { db } = t.context;
  const { id } = await buildUser(db, { language: 'de' });
  const pending = await pendingAgreements(db, id);
  t.deepEqual(pending, await currentAgreements(db, 'de', 'customer'));
  t.deepEqual(
    pending.map(({ document, language }) => [document, language]),
    [
      ['terms', 'de'],
      ['privacy', 'de'],
    ],
  );
  t.is((await pendingAgreements(db, id, 'en'))[0]?.language, 'en');
  await acceptAgreements(db, id, pending.slice(0, 1));
  t.deepEqual(await pendingAgreements(db, id), pending.slice(1));
  await Promise.all([acceptAgreements(db, id, pending), acceptAgreements(db, id, pending)]);
  t.deepEqual(await pendingAgreements(db, id), []);
  t.deepEqual(await pendingAgreements(db, randomUUID()), []);

  const version = { document: 'terms', version: 2 };
  const [forPartners] = await db('agreement_versions')
    .insert({ ...version, kinds: '{partner}' })
    .returning('id');
  await db('agreement_texts').insert({ agreement_version_id: forPartners.id, language: 'en', title: 'T', body: 'B' });
  t.deepEqual(await pendingAgreements(db, id), [], 'a version for the other kind is none for this one');
  const [partner] = await db('partners').insert({ name: 'North', origin: 'console' }).returning('id');
  const member = await buildUser(db, { customer_id: null, partner_id: partner.id, language: 'de' });
  t.deepEqual(
    (await pendingAgreements(db, member.id)).map(({ version, language }) => [version, language]),
    [
      [2, 'en'],
      [1, 'de'],
    ],
  );
});

test.serial('erasing a user leaves nothing of the person, and the proof of what they accepted', async (t) => {
  const { db } = t.context;
  const keys = buildKeys('k1');
  const mark = randomUUID().slice(0, 8);
  const email = buildEmail(`sent-${mark}`);
  const registration = await buildRegistration(db, email);
  await buildSubmission(db, registration, { answers: { givenName: `Given-${mark}` } });
  await db('registrations')
    .where({ id: registration.id })
    .update({ draft: { givenName: `Given-${mark}` } });
  await endRegistration(db, registration.id, 0, 'completed');
  const names = { given_name: `Given-${mark}`, family_name: `Family-${mark}`, phone: '+491555000111' };
  const { id } = await buildUser(db, { email, ...names, registration_id: registration.id });
  await acceptAgreements(db, id, await currentAgreements(db, 'de'));
  await db('sessions').insert({ token_hash: Buffer.from(mark), user_id: id });
  await insertNotice(db, keys, { template: 'staff-invitation', email: buildEmail(), language: 'en', mailDomain: 'x' });
  const open = await buildRegistration(db, buildEmail());

  const words = [email, mark, '+491555000111'];
  const found = (await columnsHolding(db, words)).map((line) => line.split(':')[0]!);
  t.true(found.length > 5, 'the scan finds what is there');
  t.deepEqual(
    found.filter((column) => !personal.includes(column)),
    [],
    'and the inventory knows of it (D9)',
  );
  const erased = { email, language: 'en', registrationId: registration.id };
  t.deepEqual(await db.transaction((trx) => eraseUser(trx, id)), erased);
  t.deepEqual(await columnsHolding(db, words), []);
  t.is((await db('sessions').where({ user_id: id })).length, 0);
  const proof = await db('erased_consents').where({ account_id: id });
  t.is(proof.length, 2);
  t.true(proof.every(({ language, accepted_at }) => language === 'de' && accepted_at instanceof Date));
  t.like(await db('erased_accounts').where({ id }).first(), { registration_id: registration.id });
  t.like(await db('registrations').where({ id: registration.id }).first(), { state: 'completed', email: null });
  t.like(await db('registrations').where({ id: open.id }).first(), { email: open.email });
  t.is(await db.transaction((trx) => eraseUser(trx, id)), undefined);
});

test.serial('the proof is there to stay', async (t) => {
  const { db } = t.context;
  for (const change of [
    'delete from erased_consents',
    "update erased_consents set language = 'en'",
    'truncate erased_consents, erased_accounts',
    'update erased_accounts set erased_at = now()',
  ])
    t.is(((await t.throwsAsync(async () => db.raw(change))) as Error & { code?: string }).code, '23001', change);
});

test.serial('what is over goes, in pieces, and the rest stays; a proof after three years (R1, R4)', async (t) => {
  const { db } = t.context;
  const { id } = await buildUser(db);
  const ago = (interval: string) => db.raw(`now() - interval '${interval}'`);
  const session = (hash: string, remembered: boolean, seen: string) => ({
    token_hash: Buffer.from(hash),
    user_id: id,
    remembered,
    created_at: ago(seen),
    last_seen_at: ago(seen),
  });
  await db('sessions').insert([
    session('1', false, '61 minutes'),
    session('2', false, '59 minutes'),
    session('3', true, '15 days'),
    session('4', true, '13 days'),
  ]);
  const mail = { email: buildEmail(), language: 'en', state: 'sent' };
  const mails = ['31 days', '32 days', '33 days', '29 days'];
  await db('notices').insert(
    mails.map((age) => ({ ...mail, template: 'password-reset-unknown', message_id: age, created_at: ago(age) })),
  );
  await db('email_changes').insert({
    user_id: id,
    new_email: 'x@y',
    token_hash: Buffer.from('e'),
    expires_at: ago('1 s'),
  });
  await db('totp_secrets').insert([
    { user_id: id, sealed_secret: Buffer.from('s'), created_at: ago('2 days') },
    { user_id: id, sealed_secret: Buffer.from('s'), created_at: ago('2 days'), confirmed_at: ago('2 days') },
  ]);
  const [kept] = await db('erased_consents').select('account_id', 'kept_until').limit(1);
  t.true(kept.kept_until > new Date(Date.now() + 3 * 365 * 86_400_000 - 86_400_000));
  await db.raw('alter table erased_consents disable trigger erased_consents_append_only');
  await db('erased_consents')
    .where({ account_id: kept.account_id })
    .update({ kept_until: ago('1 second') });
  await db.raw('alter table erased_consents enable trigger erased_consents_append_only');

  const counts: Record<string, number[]> = {};
  for (const rows of [...expired, ...expiredSessions]) {
    const erased: number[] = [];
    do erased.push(await eraseExpired(db, rows, 2));
    while (erased.at(-1) === 2);
    counts[rows.table] = erased;
  }
  t.like(counts, {
    sessions: [2, 0],
    notices: [2, 1],
    email_changes: [1],
    totp_secrets: [1],
    erased_consents: [2, 0],
    rate_limits: [0],
    staff_sessions: [0],
  });
  const left = await db('sessions').where({ user_id: id }).orderBy('token_hash').pluck('token_hash');
  t.deepEqual(left.map(String), ['2', '4']);
  t.deepEqual(await db('notices').where({ email: mail.email }).pluck('message_id'), ['29 days']);
  t.is((await db('totp_secrets').where({ user_id: id }).whereNotNull('confirmed_at')).length, 1);
});

test.serial('of a request to join only how it ended stays, once it or its registration is over', async (t) => {
  const { db } = t.context;
  const [open, ended, erased] = await Promise.all([1, 2, 3].map(() => buildRegistration(db)));
  const request = ({ id }: { id: string }, over = {}) => ({
    registration_id: id,
    name: 'Ann',
    expires_at: db.fn.now(),
    ...over,
  });
  const declined = { outcome: 'declined', ended_at: db.raw("now() - interval '13 hours'") };
  await db('join_requests').insert([request(open!), request(ended!, declined), request(erased!)]);
  await endRegistration(db, erased!.id, 13);
  await db('registrations').where({ id: erased!.id }).update({ email: null, erased_at: db.fn.now() });
  t.is(await eraseJoinRequests(db, 12 * 3_600, 100), 2);
  const rows = await db('join_requests').select('registration_id', 'name', 'outcome');
  const of = ({ id }: { id: string }) => rows.find(({ registration_id }) => registration_id === id);
  t.like(of(open!), { name: 'Ann', outcome: null });
  t.like(of(ended!), { name: null, outcome: 'declined' });
  t.like(of(erased!), { name: null, outcome: 'unanswered' });
});
