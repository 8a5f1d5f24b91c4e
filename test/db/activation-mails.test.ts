import anyTest, { type TestFn } from 'ava';
import { prepareMail, recordDelivery } from '../../db/activation-mails.js';
import type { Database } from '../../db/connection.js';
import { findByToken } from '../../db/registrations.js';
import type { SecretKeys } from '../../db/secret-keys.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { buildKeys, buildRegistration, buildUser, endRegistration } from './fixtures/rows.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.db = t.context.postgres.db;
});
test.after.always((t) => t.context.postgres?.stop());

const keys = buildKeys('k1');
const prepare = (db: Database, registrationId: string, sequence = 1, withKeys: SecretKeys = keys) =>
  prepareMail(db, withKeys, { registrationId, sequence, template: 'activation', mailDomain: 'vestibule.test' });

test('a repeated mail has the same link and Message-ID; another mail has others', async (t) => {
  const { db } = t.context;
  const registration = await buildRegistration(db);
  const first = await prepare(db, registration.id);
  const again = await prepare(db, registration.id);
  const next = await prepare(db, registration.id, 2);
  t.deepEqual(again, first);
  t.like(first, { email: registration.email, template: 'activation', sent: false, linkHours: 24 });
  t.regex(first?.messageId ?? '', /^<[\w-]{36}@vestibule\.test>$/);
  t.not(next?.token, first?.token);
  t.not(next?.messageId, first?.messageId);
  t.like(await db('mails').where({ registration_id: registration.id, sequence: 1 }).first(), { attempts: 2 });
});

test('twenty attempts at one mail at once have one link', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const prepared = await Promise.all(Array.from({ length: 20 }, () => prepare(db, id)));
  t.is(new Set(prepared.map((mail) => `${mail?.token} ${mail?.messageId}`)).size, 1);
});

test('a thousand tokens are 256 random bits each, without a common part', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const tokens: string[] = [];
  for (let sequence = 1; sequence <= 1_000; sequence += 50) {
    const batch = Array.from({ length: 50 }, (_, offset) => prepare(db, id, sequence + offset));
    tokens.push(...(await Promise.all(batch)).map((mail) => mail?.token ?? ''));
  }
  t.is(new Set(tokens).size, 1_000);
  t.true(tokens.every((token) => /^[\w-]{43}$/.test(token)));
  for (const length of [5])
    for (let start = 0; start + length <= 43; start++)
      t.true(new Set(tokens.map((token) => token.slice(start, start + length))).size > 990);
});

test('nothing in the database reveals a token, in any form', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const token = (await prepare(db, id))?.token ?? '';
  const bytes = Buffer.from(token, 'base64url');
  const dump = await dumpAllTables(db);
  t.true(dump.includes(id), 'the dump is one');
  for (const form of [token, bytes.toString('hex'), bytes.toString('base64'), Buffer.from(token).toString('hex')])
    t.false(dump.toLowerCase().includes(form.toLowerCase()));
});

test('a link opens its own registration, and no other', async (t) => {
  const { db } = t.context;
  const [one, other] = await Promise.all([buildRegistration(db), buildRegistration(db)]);
  const [mail, otherMail] = await Promise.all([prepare(db, one.id), prepare(db, other.id)]);
  t.is((await findByToken(db, keys, mail?.token ?? ''))?.registration.id, one.id);
  t.is((await findByToken(db, keys, otherMail?.token ?? ''))?.registration.id, other.id);
});

test('a key is rotated without a link dying; a key taken away takes its links along', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const mail = await prepare(db, id, 1, buildKeys('old'));
  const token = mail?.token ?? '';
  const rotated = buildKeys('new', 'old');
  t.is((await findByToken(db, rotated, token))?.registration.id, id);
  t.is((await prepare(db, id, 1, rotated))?.token, token, 'a retried mail repeats the link of the old key');
  const next = await prepare(db, id, 2, rotated);
  t.is((await findByToken(db, buildKeys('new'), next?.token ?? ''))?.registration.id, id);
  t.is(await findByToken(db, buildKeys('new'), token), undefined);
  await t.throwsAsync(prepare(db, id, 1, buildKeys('new')), { message: /secret key old/ });
});

test('the age of a link is counted from its last mail', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  const token = (await prepare(db, id))?.token ?? '';
  await db('activation_links')
    .where({ registration_id: id })
    .update({ expires_at: db.raw("now() - interval '1s'") });
  t.true((await findByToken(db, keys, token))?.expired);
  await prepare(db, id);
  t.false((await findByToken(db, keys, token))?.expired);
});

test('an address that has an account gets another mail, and no link', async (t) => {
  const { db } = t.context;
  const registration = await buildRegistration(db);
  await buildUser(db, { email: registration.email });
  const mail = await prepare(db, registration.id);
  t.like(mail, { template: 'account-exists', email: registration.email });
  t.is(mail?.token, undefined);
  t.is((await db('activation_links').where({ registration_id: registration.id })).length, 0);
});

test('a registration that has ended gets no mail', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  await endRegistration(db, id, 0, 'cancelled');
  t.is(await prepare(db, id), undefined);
  t.is((await db('mails').where({ registration_id: id })).length, 0);
});

test('a mail being prepared is the engine taking up what was promised', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  t.true((await db('registrations').where({ id }).first()).link_requested_at instanceof Date);
  await prepare(db, id);
  t.is((await db('registrations').where({ id }).first()).link_requested_at, null);
});

test('a mail that was sent stays sent, whatever a late attempt says', async (t) => {
  const { db } = t.context;
  const { id } = await buildRegistration(db);
  await prepare(db, id);
  await recordDelivery(db, id, 1, { state: 'failing', reply: 'ECONNREFUSED' });
  await recordDelivery(db, id, 1, { state: 'sent', reply: '250' });
  await recordDelivery(db, id, 1, { state: 'refused', reply: '550 5.1.1' });
  t.like(await db('mails').where({ registration_id: id }).first(), { state: 'sent', reply: '250' });
  t.true((await prepare(db, id))?.sent);
});

/** Every row of every table, as text. */
async function dumpAllTables(db: Database): Promise<string> {
  const tables = await db('information_schema.tables').where({ table_schema: 'public' }).pluck('table_name');
  const dumps = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await db.raw("select coalesce(string_agg(t::text, E'\\n'), '') as text from ?? t", [table]);
      return rows[0].text;
    }),
  );
  return dumps.join('\n');
}
