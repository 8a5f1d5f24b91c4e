import { createPartnerCode } from '../db/partner-codes.js';
import { saveProvider } from '../db/partner-provider.js';
import { SecretKeys } from '../db/secret-keys.js';
import { demoMapping, type StubPartner, type StubProvider, startStubProvider } from '../dev/stub-provider.js';
import type { Deployment } from './product.js';

/** Partners that the people of one run belong to: each code is used by many, as in real life, but not all by one. */
const partners = 50;
/** The most that the product lets one code have. */
const usesEach = 10_000;

/** Opens the registration of partners; resolves with their codes. */
export async function preparePartners(deployment: Deployment, provider?: StubProvider) {
  await deployment.db('settings').update({ partner_onboarding: 'with_code' });
  return provider ? letProviderKnow(deployment, provider.url) : makeCodes(deployment);
}

/** Codes as an operator makes them in the Console. */
async function makeCodes({ db, secretKeys }: Deployment): Promise<string[]> {
  const keys = SecretKeys.parse(secretKeys);
  const rows = Array.from({ length: partners }, (_, number) => ({ name: `Partner ${number}`, origin: 'console' }));
  const made = await db('partners').insert(rows).returning('id');
  return Promise.all(
    made.map(async ({ id }) => (await createPartnerCode(db, keys, { partnerId: id, maxUses: usesEach }))?.code ?? ''),
  );
}

/** The same number of partners at a provider on this machine, which answers at once. */
export const startProvider = (): Promise<StubProvider> =>
  startStubProvider({ port: 0, partners: Array.from({ length: partners }, (_, number) => providedPartner(number)) });

const providedPartner = (number: number): StubPartner => ({
  code: `BENCH-CODE-${String(number).padStart(4, '0')}`,
  id: `P-${number}`,
  company: { name: `Provided ${number}`, vat: 'DE123456789' },
  address: { street: 'Rosenweg 1', zip: '80331', city: 'München', country: 'DE' },
});

async function letProviderKnow({ db, secretKeys }: Deployment, url: string): Promise<string[]> {
  const config = { url: `${url}/partners`, authentication: 'none', timeLimitSeconds: 5 };
  const settings = { enabled: true, plugin: 'http-json', config, mapping: demoMapping, secrets: {} } as const;
  const { version } = await db('partner_provider').first('version');
  await saveProvider(db, SecretKeys.parse(secretKeys), version, { ...settings, targetPartnerId: null });
  return Array.from({ length: partners }, (_, number) => providedPartner(number).code);
}
