import anyTest, { type TestFn } from 'ava';
import type { Database } from '../../db/connection.js';
import type { OrganisationKind } from '../../db/models.js';
import { typedCodePurpose } from '../../db/registrations.js';
import { buildKeys, buildPartnerCode, buildRegistration, buildSubmission } from '../db/fixtures/rows.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { countOf, runCreation, setAside } from './fixtures/creation.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database }>;
const keys = buildKeys('k1');
const person = { givenName: 'Pat', familyName: 'Partner' };

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.db = t.context.postgres.db;
  await t.context.db('settings').update({ partner_onboarding: 'with_code' });
});
test.after.always((t) => t.context.postgres?.stop());

/** A partner's submission whose code was found to belong to this partner. */
async function buildWithCode(db: Database, code: { partnerId: string; codeId: string; code: string }) {
  const registration = await buildRegistration(db);
  const submission = await buildSubmission(db, registration, {
    kind: 'partner',
    answers: person,
    sealed_code: keys.seal(typedCodePurpose, code.code),
  });
  await db('registration_submissions')
    .where({ id: submission.id })
    .update({ partner_id: code.partnerId, partner_code_id: code.codeId });
  return { registration, submission };
}

test.serial(
  "a code's user joins its partner, with the default partner type, and uses the code up by one",
  async (t) => {
    const { db } = t.context;
    const code = await buildPartnerCode(db, keys);
    const { registration, submission } = await buildWithCode(db, code);
    t.deepEqual(await runCreation(db, registration, submission), { outcome: 'created' });
    const user = await db('users').where({ registration_id: registration.id }).first();
    t.like(user, { partner_id: code.partnerId, partner_code_id: code.codeId, customer_id: null, given_name: 'Pat' });
    t.is(user.user_type_id, (await db('settings').first()).default_partner_user_type_id);
    t.deepEqual(await countOf(db, registration), { users: 1, consents: 2 });
    t.is((await db('partner_codes').where({ id: code.codeId }).first()).uses, 1);
    t.deepEqual(await runCreation(db, registration, submission), { outcome: 'created' }, 'again');
    t.is((await db('partner_codes').where({ id: code.codeId }).first()).uses, 1);
  },
);

test.serial('sixteen registrations race for a one-use code: one account, fifteen clear refusals (C7)', async (t) => {
  const { db } = t.context;
  const code = await buildPartnerCode(db, keys);
  const ready = await Promise.all(Array.from({ length: 16 }, () => buildWithCode(db, code)));
  const results = await Promise.all(
    ready.map(({ registration, submission }) => runCreation(db, registration, submission)),
  );
  const made = results.filter(({ outcome }) => outcome === 'created');
  t.deepEqual([made.length, results.filter(({ outcome }) => outcome === 'codeInvalid').length], [1, 15]);
  t.is((await db('users').where({ partner_code_id: code.codeId })).length, 1);
  t.is((await db('partner_codes').where({ id: code.codeId }).first()).uses, 1);
});

const refused = test.macro({
  exec: async (t, change: (db: Database, code: { partnerId: string; codeId: string }) => Promise<unknown>) => {
    const { db } = t.context as { db: Database };
    const code = await buildPartnerCode(db, keys);
    const { registration, submission } = await buildWithCode(db, code);
    await change(db, code);
    t.deepEqual(await runCreation(db, registration, submission), { outcome: 'codeInvalid' });
    t.deepEqual(await countOf(db, registration), { users: 0, consents: 0 });
    t.is((await db('partner_codes').where({ id: code.codeId }).first()).uses, 0);
  },
  title: (what) => `between finding the code and the account, ${what}: no account, and the code is not used (C8, C17)`,
});
test.serial('it is revoked', refused, (db, { codeId }) =>
  db('partner_codes').where({ id: codeId }).update({ revoked_at: db.fn.now() }),
);
test.serial('it expires', refused, (db, { codeId }) =>
  db('partner_codes').where({ id: codeId }).update({ expires_at: db.fn.now() }),
);
test.serial('its partner is disabled', refused, (db, { partnerId }) =>
  db('partners').where({ id: partnerId }).update({ disabled_at: db.fn.now() }),
);

test.serial('an operator who assigns a partner decides, whatever the code says, and approves with it', async (t) => {
  const { db } = t.context;
  const putBack = await setAside(db, { partner_approval: true });
  const [one, other] = [await buildPartnerCode(db, keys), await buildPartnerCode(db, keys)];
  const { registration, submission } = await buildWithCode(db, one);
  const outcome = await runCreation(db, registration, submission, { partnerId: other.partnerId });
  await putBack();
  t.deepEqual(outcome, { outcome: 'created' });
  const user = await db('users').where({ registration_id: registration.id }).first();
  t.like(user, { partner_id: other.partnerId, partner_code_id: null });
});

test.serial('without codes, the partner is made from what was entered, once', async (t) => {
  const { db } = t.context;
  const putBack = await setAside(db, { partner_onboarding: 'without_code' });
  const registration = await buildRegistration(db);
  const submission = await buildSubmission(db, registration, { kind: 'partner' });
  const outcomes = await Promise.all([1, 2, 3].map(() => runCreation(db, registration, submission)));
  await putBack();
  t.true(outcomes.every(({ outcome }) => outcome === 'created'));
  const made = await db('partners').where({ registration_id: registration.id });
  t.is(made.length, 1);
  t.like(made[0], { name: 'Acme GmbH', origin: 'registration' });
});

test.serial('where a code is asked for, a partner without one gets no account', async (t) => {
  const { db } = t.context;
  const registration = await buildRegistration(db);
  const submission = await buildSubmission(db, registration, { kind: 'partner', answers: person });
  t.deepEqual(await runCreation(db, registration, submission), { outcome: 'codeInvalid' });
});

test.serial('off for partners is off for partners only, at the moment of the account (C9)', async (t) => {
  const { db } = t.context;
  const putBack = await setAside(db, { partner_onboarding: 'off' });
  const code = await buildPartnerCode(db, keys);
  const partner = await buildWithCode(db, code);
  const customer = await buildRegistration(db);
  const outcomes = [
    await runCreation(db, partner.registration, partner.submission),
    await runCreation(db, customer, await buildSubmission(db, customer)),
  ];
  await putBack();
  t.deepEqual(outcomes, [{ outcome: 'onboardingClosed' }, { outcome: 'created' }]);
});

for (const kind of ['customer', 'partner'] as OrganisationKind[])
  test.serial(
    `with approval for the kind ${kind}, the account waits for an operator, and is made once approved`,
    async (t) => {
      const { db } = t.context;
      const putBack = await setAside(db, { [`${kind}_approval`]: true });
      const registration = await buildRegistration(db);
      const ready =
        kind === 'customer'
          ? { registration, submission: await buildSubmission(db, registration) }
          : await buildWithCode(db, await buildPartnerCode(db, keys));
      const first = await runCreation(db, ready.registration, ready.submission);
      const nothing = await countOf(db, ready.registration);
      const second = await runCreation(db, ready.registration, ready.submission, { approved: true });
      await putBack();
      t.deepEqual([first, second], [{ outcome: 'approvalNeeded' }, { outcome: 'created' }]);
      t.deepEqual(nothing, { users: 0, consents: 0 });
    },
  );
