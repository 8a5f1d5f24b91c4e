import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { acceptAgreements, currentAgreements, pendingAgreements } from '../../db/agreements.js';
import type { Database } from '../../db/connection.js';
import { eraseUser } from '../../db/erase-user.js';
import { insertNotice } from '../../db/notices.js';
import { buildEmail } from '../builders/registrations.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
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
  t.true((await columnsHolding(db, words)).length > 5, 'the scan finds what is there');
  t.deepEqual(await db.transaction((trx) => eraseUser(trx, id)), { email, language: 'en' });
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
