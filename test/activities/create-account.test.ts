import anyTest, { type TestFn } from 'ava';
import { type CreationOutcome, createAccount } from '../../db/accounts.js';
import type { Database } from '../../db/connection.js';
import { buildRegistration, buildSubmission, buildUser, endRegistration } from '../db/fixtures/rows.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { blockedSessions } from '../helpers/faults.js';
import { countOf, outcomes, runCreation as run, setAside } from './fixtures/creation.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.db = t.context.postgres.db;
});
test.after.always((t) => t.context.postgres?.stop());

async function buildReady(db: Database) {
  const registration = await buildRegistration(db);
  return { registration, submission: await buildSubmission(db, registration) };
}

test.serial(
  'an account is a customer, its first user with the default type, and a consent for each agreement',
  async (t) => {
    const { db } = t.context;
    const { registration, submission } = await buildReady(db);
    t.deepEqual(await run(db, registration, submission), { outcome: 'created' });
    const user = await db('users').where({ registration_id: registration.id }).first();
    t.like(user, { email: registration.email, given_name: 'Ann', family_name: "O'Brien", language: 'en' });
    t.is(user.password_hash, submission.password_hash);
    t.like(await db('customers').where({ id: user.customer_id }).first(), { name: 'Acme GmbH', country: 'DE' });
    t.is(user.user_type_id, (await db('settings').first()).default_customer_user_type_id);
    t.deepEqual(await countOf(db, registration), { users: 1, consents: 2 });
    const row = await db('registrations').where({ id: registration.id }).first();
    t.like(row, { state: 'completed', sequence: 2, draft: null });
    t.true(row.ended_at instanceof Date);
  },
);

test.serial('run again, one after the other and sixteen at once, it stays one account and one answer', async (t) => {
  const { db } = t.context;
  const { registration, submission } = await buildReady(db);
  const customers = (await db('customers')).length;
  const answers = await Promise.all(Array.from({ length: 16 }, () => run(db, registration, submission)));
  answers.push(await run(db, registration, submission));
  t.true(answers.every(({ outcome }) => outcome === 'created'));
  t.deepEqual(await countOf(db, registration), { users: 1, consents: 2 });
  t.is((await db('customers')).length, customers + 1);
});

test.serial('two submissions of one registration never mix: the first to come wins whole', async (t) => {
  const { db } = t.context;
  const registration = await buildRegistration(db);
  const submissions = await Promise.all(
    ['One', 'Two'].map((name) =>
      buildSubmission(db, registration, {
        answers: { companyName: name, companyCountry: 'DE', givenName: name, familyName: name },
        password_hash: name,
      }),
    ),
  );
  await Promise.all(submissions.map((submission) => run(db, registration, submission)));
  const user = await db('users').where({ registration_id: registration.id }).first();
  const customer = await db('customers').where({ id: user.customer_id }).first();
  t.is(new Set([user.given_name, user.family_name, user.password_hash, customer.name]).size, 1);
});

const refusal = test.macro({
  exec: async (
    t,
    outcome: CreationOutcome,
    arrange: (db: Database, email: string) => Promise<() => Promise<unknown>>,
  ) => {
    const { db } = t.context as { db: Database };
    const { registration, submission } = await buildReady(db);
    const before = (await db('customers')).length;
    const putBack = await arrange(db, registration.email ?? '');
    const arranged = (await db('customers')).length - before;
    try {
      t.deepEqual(await run(db, registration, submission), { outcome });
    } finally {
      await putBack();
    }
    t.deepEqual(await countOf(db, registration), { users: 0, consents: 0 });
    t.is((await db('customers')).length, before + arranged);
    t.like(await db('registrations').where({ id: registration.id }).first(), { state: outcomes[outcome] });
  },
  title: (when, outcome) => `no account, but the outcome "${outcome}", ${when}`,
});

const addUserType = async (db: Database, kind: string, permissions: string[]) => {
  const name = `${kind} ${Math.random()}`;
  const [{ id }] = await db('user_types').insert({ kind, name, permissions }).returning('id');
  return id as string;
};

test.serial('when onboarding is off', refusal, 'onboardingClosed', (db) =>
  setAside(db, { customer_onboarding: false }),
);
test.serial('when there is no default user type', refusal, 'userTypeInvalid', (db) =>
  setAside(db, { default_customer_user_type_id: null }),
);
test.serial('when the default user type is not for customers', refusal, 'userTypeInvalid', async (db) =>
  setAside(db, {
    default_customer_user_type_id: await addUserType(db, 'partner', ['customer_account_administrator']),
  }),
);
test.serial('when the default user type may not administrate', refusal, 'userTypeInvalid', async (db) =>
  setAside(db, { default_customer_user_type_id: await addUserType(db, 'customer', ['something_else']) }),
);
test.serial('when the e-mail has an account', refusal, 'emailTaken', async (db, email) => {
  await buildUser(db, { email });
  return async () => {};
});

test.serial('when an agreement has a newer version than the one accepted, the newer one is asked for', async (t) => {
  const { db } = t.context;
  const { registration, submission } = await buildReady(db);
  const [version] = await db('agreement_versions').insert({ document: 'terms', version: 2 }).returning('id');
  await db('agreement_texts').insert({ agreement_version_id: version.id, language: 'en', title: 'T', body: 'B' });
  t.deepEqual(await run(db, registration, submission), { outcome: 'agreementOutdated' });
  t.deepEqual(await countOf(db, registration), { users: 0, consents: 0 });

  const accepted = await buildSubmission(db, registration);
  t.deepEqual(await run(db, registration, accepted), { outcome: 'created' });
  const [consent] = await db('consents').where({ agreement_version_id: version.id });
  t.is(consent.language, 'en');
});

test.serial(
  "the switch that counts is the one at commit: a creation waits for the operator's change, and heeds it",
  async (t) => {
    const { db } = t.context;
    const { registration, submission } = await buildReady(db);
    const operator = await db.transaction();
    await operator('settings').update({ customer_onboarding: false });
    const creation = run(db, registration, submission);
    await blockedSessions(db);
    await operator.commit();
    const outcome = await creation;
    await db('settings').update({ customer_onboarding: true });
    t.deepEqual(outcome, { outcome: 'onboardingClosed' });
    t.deepEqual(await countOf(db, registration), { users: 0, consents: 0 });
  },
);

test.serial('an e-mail taken at the very same moment is told as taken, and leaves no half customer', async (t) => {
  const { db } = t.context;
  const { registration, submission } = await buildReady(db);
  const other = await db.transaction();
  await buildUser(other, { email: registration.email });
  const customers = (await db('customers')).length;
  const creation = run(db, registration, submission);
  await blockedSessions(db);
  await other.commit();
  t.deepEqual(await creation, { outcome: 'emailTaken' });
  t.deepEqual(await countOf(db, registration), { users: 0, consents: 0 });
  t.is((await db('customers')).length, customers + 1, 'only the other one');
  t.like(await db('registrations').where({ id: registration.id }).first(), { state: 'alreadyRegistered' });
});

test.serial('a fault at any statement leaves nothing, and the next attempt makes the account', async (t) => {
  const { db } = t.context;
  for (const table of [
    'customers',
    'users',
    'consents',
    'registration_events',
    'registration_submissions',
    'registrations',
  ]) {
    const { registration, submission } = await buildReady(db);
    const customers = (await db('customers')).length;
    const events = (await db('registration_events')).length;
    const on = table === 'registration_submissions' ? 'delete' : table === 'registrations' ? 'update' : 'insert';
    await db.raw(
      'create trigger fault after ?? on ?? for each row execute function refuse_change()'.replace('??', on),
      [table],
    );
    await t.throwsAsync(run(db, registration, submission), undefined, table);
    await db.raw('drop trigger fault on ??', [table]);
    t.deepEqual(await countOf(db, registration), { users: 0, consents: 0 }, table);
    t.is((await db('customers')).length, customers, table);
    t.is((await db('registration_events')).length, events, table);
    t.deepEqual(await run(db, registration, submission), { outcome: 'created' }, table);
  }
});

test.serial(
  'a submission whose e-mail was corrected meanwhile makes no account, and neither does one that is gone',
  async (t) => {
    const { db } = t.context;
    const [unproven, gone] = [await buildReady(db), await buildReady(db)];
    await db('registrations').where({ id: unproven.registration.id }).update({ proven_at: null });
    await db('registration_submissions').where({ id: gone.submission.id }).delete();
    for (const { registration, submission } of [unproven, gone]) {
      t.deepEqual(await run(db, registration, submission), { outcome: 'withdrawn' });
      t.deepEqual(await countOf(db, registration), { users: 0, consents: 0 });
    }
  },
);

test.serial('an attempt that comes after the end changes nothing', async (t) => {
  const { db } = t.context;
  const { registration, submission } = await buildReady(db);
  await endRegistration(db, registration.id, 0, 'cancelled');
  await t.throwsAsync(run(db, registration, submission), { message: /has ended/ });
  t.deepEqual(await countOf(db, registration), { users: 0, consents: 0 });
  t.like(await db('registrations').where({ id: registration.id }).first(), { state: 'cancelled' });
});

test.serial('a name that another customer has makes a second customer', async (t) => {
  const { db } = t.context;
  const [one, two] = await Promise.all([buildReady(db), buildReady(db)]);
  await Promise.all([one, two].map(({ registration, submission }) => run(db, registration, submission)));
  const users = await db('users').whereIn('registration_id', [one.registration.id, two.registration.id]);
  t.is(new Set(users.map(({ customer_id }) => customer_id)).size, 2);
});

test.serial('creation inside a transaction that its caller breaks off leaves nothing', async (t) => {
  const { db } = t.context;
  const { registration, submission } = await buildReady(db);
  const trx = await db.transaction();
  const creation = { registrationId: registration.id, submissionId: submission.id, approved: false };
  t.is(await createAccount(trx, creation), 'created');
  await trx.rollback();
  t.deepEqual(await countOf(db, registration), { users: 0, consents: 0 });
});
