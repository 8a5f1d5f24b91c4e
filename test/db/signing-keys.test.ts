import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { createLog } from '../../db/log.js';
import { SecretKeys } from '../../db/secret-keys.js';
import { loadSigningKeys, rotateSigningKeys } from '../../db/signing-keys.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';

const test = anyTest as TestFn<{ postgres: TestDatabase }>;
const log = createLog('test', 'silent');
const secret = (id: string) => `${id}:${randomBytes(32).toString('base64url')}`;
const text = secret('k1');
const keys = SecretKeys.parse(text);

test.before(async (t) => {
  t.context.postgres = await startDatabase();
});
test.after.always((t) => t.context.postgres?.stop());

test.serial('processes that start at once agree on one first key, which is nowhere in the clear', async (t) => {
  const { db } = t.context.postgres;
  const loaded = await Promise.all([1, 2, 3, 4].map(() => loadSigningKeys(db, keys, log)));
  const [first] = loaded[0] ?? [];
  t.true(loaded.every((found) => found.length === 1 && found[0]?.kid === first?.kid));
  t.like(first?.jwk, { kid: first?.kid, alg: 'RS256', use: 'sig', kty: 'RSA' });
  const { sealed_jwk } = await db('signing_keys').first('sealed_jwk');
  t.false(sealed_jwk.toString('latin1').includes(String(first?.jwk.d).slice(0, 20)));
});

test.serial(
  'a key is followed after 90 days by one that was published a day before, and stays for 30 more',
  async (t) => {
    const { db } = t.context.postgres;
    const load = async () => (await loadSigningKeys(db, keys, log)).map(({ kid }) => kid);
    const pass = (days: number) =>
      db('signing_keys').update({ signs_from: db.raw('signs_from - make_interval(days => ?)', [days]) });
    const rotate = () => Promise.all([1, 2, 3].map(() => rotateSigningKeys(db, keys)));
    const [old = ''] = await load();

    await pass(88);
    await rotate();
    t.deepEqual(await load(), [old], 'not yet');
    await pass(1);
    await rotate();
    const published = await load();
    t.is(published.length, 2, 'one new key, however many processes make it');
    t.is(published[0], old, 'which does not sign yet');
    await pass(1);
    await rotate();
    t.deepEqual(await load(), [published[1], old], 'the new one signs, the old one still verifies');
    await pass(31);
    await rotate();
    t.deepEqual(await load(), [published[1]]);
  },
);

test.serial('a key whose secret key is gone is left out, and another one takes its place at once', async (t) => {
  const { db } = t.context.postgres;
  const before = await loadSigningKeys(db, keys, log);
  const rotated = SecretKeys.parse(`${secret('k2')},${text}`);
  t.deepEqual(await loadSigningKeys(db, rotated, log), before, 'the old secret key still opens it');
  const dropped = SecretKeys.parse(secret('k3'));
  const [key] = await loadSigningKeys(db, dropped, log);
  t.truthy(key);
  t.not(key?.kid, before[0]?.kid);
});
