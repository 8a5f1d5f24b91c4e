import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import type { Database } from '../../db/connection.js';
import { buildEmail } from '../builders/registrations.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { buildRegistration, buildUser, endRegistration } from './fixtures/rows.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.db = t.context.postgres.db;
});
test.after.always((t) => t.context.postgres?.stop());

const refused = test.macro({
  exec: async (t, code: string, attempt: (db: Database) => PromiseLike<unknown>) => {
    const { db } = t.context as { db: Database };
    const error = await t.throwsAsync(async () => attempt(db));
    t.is((error as (Error & { code?: string }) | undefined)?.code, code, error?.message);
  },
  title: (what) => `the database refuses ${what}`,
});
const unique = '23505';
const check = '23514';
const foreignKey = '23503';
const restrict = '23001';

test('two users of one e-mail', refused, unique, async (db) => {
  const email = buildEmail();
  await buildUser(db, { email });
  await buildUser(db, { email });
});
test('the database refuses an address in a second spelling: capitals cannot be stored at all', async (t) => {
  const { db } = t.context;
  const email = buildEmail();
  await buildUser(db, { email });
  const insert = buildUser(db, { email: email.toUpperCase() });
  t.is(((await t.throwsAsync(insert)) as Error & { code?: string }).code, check);
  t.is((await db('users').whereRaw('lower(email) = ?', [email])).length, 1);
});
test('a second open registration of one e-mail', refused, unique, async (db) => {
  const { email } = await buildRegistration(db);
  await insertRegistration(db, { email });
});
test('an open registration under an address in capitals', refused, check, (db) =>
  insertRegistration(db, { email: 'Ann@example.com' }),
);
test('a registration without an e-mail that was not erased', refused, check, (db) =>
  insertRegistration(db, { email: null }),
);
test('a registration of an unknown kind', refused, check, (db) => insertRegistration(db, { kind: 'staff' }));
test('a user without an organisation', refused, check, (db) => buildUser(db, { customer_id: null }));
test('a user of two organisations', refused, check, async (db) => {
  const [partner] = await db('partners').insert({ name: 'North', origin: 'console' }).returning('id');
  return buildUser(db, { partner_id: partner.id });
});
test('a user of a customer that is not there', refused, foreignKey, (db) =>
  buildUser(db, { customer_id: randomUUID() }),
);
test('a customer going while it has a user', refused, foreignKey, async (db) => {
  await buildUser(db);
  await db('customers').delete();
});
test('two users of one registration', refused, unique, async (db) => {
  const registration_id = randomUUID();
  await buildUser(db, { registration_id });
  await buildUser(db, { registration_id });
});
test('two consents of one user to one version', refused, unique, async (db) => {
  const { id: user_id } = await buildUser(db);
  const version = await db('agreement_versions').first('id');
  const consent = { user_id, agreement_version_id: version.id, language: 'en' };
  await db('consents').insert(consent);
  await db('consents').insert({ ...consent, language: 'de' });
});
test('a consent in a language the agreement has no text in', refused, foreignKey, async (db) => {
  const { id: user_id } = await buildUser(db);
  const version = await db('agreement_versions').first('id');
  await db('consents').insert({ user_id, agreement_version_id: version.id, language: 'fr' });
});
test('the same version of an agreement twice', refused, unique, (db) =>
  db('agreement_versions').insert({ document: 'terms', version: 1 }),
);
test('an agreement of another sort', refused, check, (db) =>
  db('agreement_versions').insert({ document: 'recipe', version: 1 }),
);
test('changing the number of a published agreement', refused, restrict, (db) =>
  db('agreement_versions').update({ version: 7 }),
);
test('taking back a published agreement', refused, restrict, (db) => db('agreement_versions').delete());
test('changing the words of a published agreement', refused, restrict, (db) =>
  db('agreement_texts').update({ body: 'we own your soul' }),
);
test('deleting the words of a published agreement', refused, restrict, (db) => db('agreement_texts').delete());
test('a second row of settings', refused, unique, (db) => db('settings').insert({}));
test('settings that are not the one row', refused, check, (db) => db('settings').insert({ id: false }));
test('a password minimum below eight', refused, check, (db) => db('settings').update({ password_minimum: 7 }));
test('a reminder after the end', refused, check, (db) =>
  db('settings').update({ reminder_after_seconds: 100, registration_lifetime_seconds: 100 }),
);
test('a default user type that is not there', refused, foreignKey, (db) =>
  db('settings').update({ default_customer_user_type_id: randomUUID() }),
);
test('staff in a role that does not exist', refused, check, (db) =>
  db('staff').insert({ email: buildEmail(), role: 'god', password_hash: '-' }),
);
test('two staff of one e-mail', refused, unique, async (db) => {
  const staff = { email: buildEmail(), role: 'viewer', password_hash: '-' };
  await db('staff').insert(staff);
  await db('staff').insert(staff);
});
test('two mails under one Message-ID', refused, unique, async (db) => {
  const { id } = await buildRegistration(db);
  const mail = { registration_id: id, template: 'activation', message_id: `<${randomUUID()}@x>`, state: 'sending' };
  await db('mails').insert({ ...mail, sequence: 1 });
  await db('mails').insert({ ...mail, sequence: 2 });
});

test('an e-mail is free for a new registration as soon as the one before has ended', async (t) => {
  const { db } = t.context;
  const first = await buildRegistration(db);
  await endRegistration(db, first.id, 0);
  const second = await buildRegistration(db, first.email ?? '');
  t.not(second.id, first.id);
});

test('a user going takes sessions and consents along', async (t) => {
  const { db } = t.context;
  const { id: user_id } = await buildUser(db);
  const version = await db('agreement_versions').first('id');
  await db('consents').insert({ user_id, agreement_version_id: version.id, language: 'en' });
  await db('sessions').insert({ user_id, token_hash: Buffer.from(user_id) });
  await db('users').where({ id: user_id }).delete();
  t.is((await db('consents').where({ user_id })).length, 0);
  t.is((await db('sessions').where({ user_id })).length, 0);
});

const insertRegistration = (db: Database, overrides: Record<string, unknown>) =>
  db('registrations').insert({
    reference: `RG-${randomUUID()}`,
    kind: 'customer',
    email: buildEmail(),
    language: 'en',
    state: 'sendingActivation',
    expires_at: new Date(),
    ...overrides,
  });
