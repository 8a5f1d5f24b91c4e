import anyTest, { type TestFn } from 'ava';
import type { ActivityContext } from '../../activities/activities.js';
import { lookUpPartner, resolvePartner } from '../../activities/resolve-partner.js';
import { testProvider } from '../../activities/test-provider.js';
import type { Database } from '../../db/connection.js';
import { type ProviderRow, providerTestPurpose } from '../../db/partner-provider.js';
import { typedCodePurpose } from '../../db/registrations.js';
import { demoPartners, type StubProvider, startStubProvider } from '../../dev/stub-provider.js';
import { buildKeys, buildPartnerCode, buildRegistration, buildStep, buildSubmission } from '../db/fixtures/rows.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database; stub: StubProvider; context: ActivityContext }>;
const keys = buildKeys('k1');

test.before(async (t) => {
  const [postgres, stub] = await Promise.all([startDatabase(), startStubProvider({ port: 0 })]);
  const context = { db: postgres.db, keys, providerOrigins: [new URL(stub.url).origin] } as ActivityContext;
  Object.assign(t.context, { postgres, db: postgres.db, stub, context });
});
test.after.always((t) => Promise.all([t.context.postgres?.stop(), t.context.stub?.stop()]));
test.serial.beforeEach((t) => {
  t.context.stub.setMode('ok');
});

const config = (url: string) => ({ url: `${url}/partners`, authentication: 'none', timeLimitSeconds: 1 });
const mapping = { name: 'company.name', externalId: 'id', city: 'address.city' };
const seal = (secrets: object) => keys.seal('provider-secrets', JSON.stringify(secrets));
const setProvider = (db: Database, changed: Partial<ProviderRow>) =>
  db('partner_provider').update({
    ...changed,
    ...(changed.config ? { config: JSON.stringify(changed.config), mapping: JSON.stringify(mapping) } : {}),
  });

async function buildReady(db: Database, code: string) {
  const registration = await buildRegistration(db);
  const sealed_code = keys.seal(typedCodePurpose, code);
  const submission = await buildSubmission(db, registration, { kind: 'partner', answers: {}, sealed_code });
  const next = {
    found: buildStep(1, { to: 'creatingAccount' }),
    codeInvalid: buildStep(1, { to: 'awaitingDetails', problem: 'partnerCodeInvalid' }),
    withdrawn: buildStep(1, { to: 'awaitingDetails' }),
    misconfigured: buildStep(1, { to: 'lookupParked', attention: true, problem: 'providerMisconfigured' }),
  };
  const input = { registrationId: registration.id, submissionId: submission.id, record: { pending: [], next } };
  const stored = () => db('registration_submissions').where({ id: submission.id }).first();
  const lookups = () => db('lookups').where({ registration_id: registration.id }).select('outcome', 'reason');
  return { input, stored, lookups };
}

test.serial('a code of our own leads to its partner without asking anybody else', async (t) => {
  const { db, context, stub } = t.context;
  await setProvider(db, { enabled: true, config: config(stub.url) });
  const { code, codeId, partnerId } = await buildPartnerCode(db, keys);
  const asked = stub.requests().length;
  const { input, stored } = await buildReady(db, ` ${code.toLowerCase().replaceAll('-', ' ')} `);
  t.deepEqual(await resolvePartner(context)(input), { outcome: 'found' });
  t.like(await stored(), { partner_id: partnerId, partner_code_id: codeId });
  t.is(stub.requests().length, asked);
});

test.serial('a code of our own that may not be used any more is refused, and the provider is not asked', async (t) => {
  const { db, context } = t.context;
  const { code, codeId } = await buildPartnerCode(db, keys);
  await db('partner_codes').where({ id: codeId }).update({ revoked_at: db.fn.now() });
  const { input } = await buildReady(db, code);
  t.deepEqual(await resolvePartner(context)(input), { outcome: 'codeInvalid' });
});

test.serial('an unknown code is a matter for the provider, if there is one', async (t) => {
  const { db, context } = t.context;
  const { input } = await buildReady(db, 'ZZZZ-ZZZZ');
  await setProvider(db, { enabled: true });
  t.deepEqual(await resolvePartner(context)(input), { outcome: 'askProvider' });
  await setProvider(db, { enabled: false });
  t.deepEqual(await resolvePartner(context)(input), { outcome: 'codeInvalid' });
});

test.serial('what the provider finds becomes a partner, once for one external id, under the target', async (t) => {
  const { db, context, stub } = t.context;
  const { partnerId: target } = await buildPartnerCode(db, keys);
  await setProvider(db, { enabled: true, config: config(stub.url), target_partner_id: target });
  const { code } = demoPartners[0]!;
  const found = await Promise.all(
    [1, 2, 3].map(async () => {
      const { input, stored } = await buildReady(db, code);
      t.deepEqual(await lookUpPartner(context)(input), { outcome: 'found' });
      return (await stored()).partner_id;
    }),
  );
  t.is(new Set(found).size, 1);
  const partner = await db('partners').where({ id: found[0] }).first();
  t.like(partner, { origin: 'provider', parent_id: target });
  t.truthy(partner.external_id);
  await setProvider(db, { target_partner_id: null });
});

test.serial(
  'not found is definitive, an outage is to be tried again, and a wrong setting is neither (F8)',
  async (t) => {
    const { db, context, stub } = t.context;
    await setProvider(db, { enabled: true, config: config(stub.url) });
    const unknown = await buildReady(db, 'ZZZZ-ZZZZ');
    t.deepEqual(await lookUpPartner(context)(unknown.input), { outcome: 'codeInvalid' });
    t.deepEqual(await unknown.lookups(), [{ outcome: 'notFound', reason: null }]);

    for (const mode of ['500', '503', 'garbage', 'html', 'reset', 'huge'] as const) {
      stub.setMode(mode);
      const { input, lookups, stored } = await buildReady(db, 'ZZZZ-ZZZZ');
      await t.throwsAsync(lookUpPartner(context)(input), { message: 'the provider is not available' }, mode);
      t.is((await lookups())[0].outcome, 'temporary', mode);
      t.is((await stored()).partner_id, null, mode);
    }
    stub.setMode('redirect');
    const moved = await buildReady(db, 'ZZZZ-ZZZZ');
    t.deepEqual(await lookUpPartner(context)(moved.input), { outcome: 'misconfigured' });
  },
);

test.serial(
  'a secret that is changed between two tries counts at the next, and both tries carry one idempotency key (F7, F10)',
  async (t) => {
    const { db, context, stub } = t.context;
    const sign = (signingSecret: string) =>
      setProvider(db, { enabled: true, config: config(stub.url), sealed_secrets: seal({ signingSecret }) });
    stub.setMode('500');
    const { input } = await buildReady(db, demoPartners[2]!.code);
    await sign('the old secret of the provider');
    await t.throwsAsync(lookUpPartner(context)(input));
    await sign('the new secret of the provider');
    stub.setMode('ok');
    t.deepEqual(await lookUpPartner(context)(input), { outcome: 'found' });
    const [first, second] = stub.requests().slice(-2);
    t.truthy(first?.idempotencyKey);
    t.is(first?.idempotencyKey, second?.idempotencyKey);
    t.not(first?.keyId, second?.keyId);
    await setProvider(db, { sealed_secrets: null });
  },
);

test.serial('"Test provider" shows the mapped partner and what is missing, and creates nothing', async (t) => {
  const { db, context, stub } = t.context;
  await setProvider(db, { enabled: false, config: config(stub.url) });
  const partners = (await db('partners')).length;
  const [staff] = await db('staff')
    .insert({ email: 'op@example.com', role: 'admin', password_hash: 'x' })
    .returning('id');
  const sealed_code = keys.seal(providerTestPurpose, demoPartners[0]!.code);
  const [{ id }] = await db('provider_tests').insert({ sealed_code, staff_id: staff.id }).returning('id');
  await testProvider(context)({ testId: id });
  const result = await db('provider_tests').where({ id }).first();
  t.like(result, { outcome: 'found', reason: null });
  t.truthy(result.partner.name);
  t.true(result.finished_at instanceof Date);
  t.is((await db('partners')).length, partners);
});
