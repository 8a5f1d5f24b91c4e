import test from 'ava';
import { lookUpPartner, providerPlugins, tryLookUpPartner } from '../../../activities/providers/index.js';
import { type ProviderId, providerIds } from '../../../activities/providers/settings.js';
import { demoMapping } from '../../../dev/stub-provider.js';
import { buildTools, someCode, startStub } from './fixtures.js';

const misconfigured = (reason: string) => ({ outcome: 'misconfigured', reason });

test('There is a plugin for every provider that can be set up.', (t) => {
  t.deepEqual(Object.keys(providerPlugins), providerIds);
});

test('A partner is looked up and mapped, by HTTP and in a list.', async (t) => {
  const stub = await startStub(t);
  const config = { url: `${stub.url}/partners/{code}`, authentication: 'none' };
  const tools = buildTools({
    allowedOrigins: [stub.url],
    findListed: async () => ({ code: 'N', firm: 'Nordwind', zip: '' }),
  });
  t.like(await lookUpPartner('http-json', someCode, config, demoMapping, tools), {
    outcome: 'found',
    partner: { name: 'Nordwind Kältetechnik GmbH', city: 'Hamburg' },
    missing: [],
  });
  t.deepEqual(await lookUpPartner('csv-file', 'N', {}, { name: 'firm', postalCode: 'zip' }, tools), {
    outcome: 'found',
    partner: { name: 'Nordwind' },
    missing: ['postalCode'],
  });
});

test('A failure of the plugin is passed on as it is.', async (t) => {
  const stub = await startStub(t, '503');
  const config = { url: `${stub.url}/partners`, authentication: 'none' };
  const tools = buildTools({ allowedOrigins: [stub.url] });
  t.deepEqual(await lookUpPartner('http-json', someCode, config, demoMapping, tools), {
    outcome: 'temporary',
    reason: 'serverError',
    retryAfterSeconds: 5,
  });
  stub.setMode('not-found');
  t.deepEqual(await lookUpPartner('http-json', someCode, config, demoMapping, tools), { outcome: 'notFound' });
});

test('A record without a name makes no partner; the trial shows what is there.', async (t) => {
  const stub = await startStub(t, 'wrong-types');
  const config = { url: `${stub.url}/partners`, authentication: 'none' };
  const tools = buildTools({ allowedOrigins: [stub.url], findListed: async () => ({ city: 'Hamburg' }) });
  t.deepEqual(await lookUpPartner('http-json', someCode, config, demoMapping, tools), misconfigured('nameMissing'));
  t.deepEqual(await tryLookUpPartner('csv-file', 'N', {}, { name: 'firm', city: 'city' }, tools), {
    outcome: 'found',
    partner: { city: 'Hamburg' },
    missing: ['name'],
  });
});

const stored: [name: string, id: string, config: unknown, mapping: unknown][] = [
  ['config without an address', 'http-json', { authentication: 'none' }, { name: 'name' }],
  ['config that is nothing', 'http-json', null, { name: 'name' }],
  ['config of another provider', 'csv-file', { url: 'https://partners.example/' }, { name: 'name' }],
  ['mapping without a name', 'csv-file', {}, {}],
  ['mapping that is nothing', 'csv-file', {}, undefined],
  ['provider that is unknown', 'ldap', {}, { name: 'name' }],
  ['provider that is a property of every object', 'toString', {}, { name: 'name' }],
];

for (const [name, id, config, mapping] of stored)
  test(`A stored ${name} stops the lookup as misconfigured.`, async (t) => {
    const tools = buildTools({ findListed: async () => ({ name: 'Nordwind' }) });
    t.deepEqual(await lookUpPartner(id as ProviderId, 'N', config, mapping, tools), misconfigured('configInvalid'));
  });

test('Without a secret that its config needs, a provider is not asked.', async (t) => {
  const stub = await startStub(t);
  const config = { url: `${stub.url}/partners`, authentication: 'bearer' };
  for (const secrets of [{}, { token: '' }, { password: 'p' }]) {
    const tools = buildTools({ allowedOrigins: [stub.url], secrets: secrets as Record<string, string> });
    t.deepEqual(await lookUpPartner('http-json', someCode, config, demoMapping, tools), misconfigured('secretMissing'));
  }
  t.deepEqual(stub.requests(), []);
  const tools = buildTools({ allowedOrigins: [stub.url], secrets: { token: 't' } });
  t.like(await lookUpPartner('http-json', someCode, config, demoMapping, tools), { outcome: 'found' });
});
