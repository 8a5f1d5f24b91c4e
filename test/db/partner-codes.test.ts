import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import type { Database } from '../../db/connection.js';
import {
  canonicalCode,
  countUse,
  createPartnerCode,
  findCode,
  findUsableCode,
  makePartnerCode,
  type NewPartnerCode,
  revokeCode,
  rotateCode,
} from '../../db/partner-codes.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { buildKeys } from './fixtures/rows.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database }>;
const keys = buildKeys('k1');

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.db = t.context.postgres.db;
});
test.after.always((t) => t.context.postgres?.stop());

async function buildPartner(db: Database): Promise<string> {
  const [partner] = await db('partners').insert({ name: 'Acme', origin: 'console' }).returning('id');
  return partner.id;
}

async function buildCode(db: Database, overrides: Partial<NewPartnerCode> = {}) {
  const partnerId = overrides.partnerId ?? (await buildPartner(db));
  const made = await createPartnerCode(db, keys, { partnerId, ...overrides });
  if (!made) throw new Error('no code');
  return { ...made, partnerId };
}

const tomorrow = () => new Date(Date.now() + 24 * 3_600_000);
const yesterday = () => new Date(Date.now() - 24 * 3_600_000);

test('a code is five groups of four symbols of which none looks like another: 100 bits (D8)', (t) => {
  const codes = Array.from({ length: 1_000 }, makePartnerCode);
  for (const code of codes) t.regex(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){4}$/);
  t.is(new Set(codes).size, codes.length);
  t.is(new Set(codes.join('').replaceAll('-', '')).size, 32, 'every symbol is used');
});

const canonical = test.macro({
  exec: (t, typed: string) => t.is(canonicalCode(typed), '10A1BCDEFGHJKMNPQRST'),
  title: (_, typed) => `${JSON.stringify(typed)} is the code 10A1-BCDE-FGHJ-KMNP-QRST`,
});
test(canonical, '10A1-BCDE-FGHJ-KMNP-QRST');
test(canonical, '10a1bcdefghjkmnpqrst');
test(canonical, ' ioal bcde fghj kmnp qrst\n');
test(canonical, 'LOAI–BCDE—FGHJ‑KMNP−QRST'.replace('−', '-'));
test(canonical, '１０Ａ１-ＢＣＤＥ-FGHJ-KMNP-QRST');

test('a code is kept only as its keyed hash, and found however it is typed', async (t) => {
  const { db } = t.context;
  const { id, code, partnerId } = await buildCode(db, { label: 'Fair' });
  const row = await db('partner_codes').where({ id }).first();
  t.false(JSON.stringify(row).includes(code));
  t.deepEqual(row.code_hash, keys.hash('partner-code', canonicalCode(code)));
  for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ' '), code.replaceAll('0', 'o')])
    t.deepEqual(await findUsableCode(db, keys, typed), { id, partnerId });
  t.deepEqual(await findUsableCode(db, buildKeys('k2', 'k1'), code), { id, partnerId }, 'the key was rotated');
  t.is(await findUsableCode(db, buildKeys('k2'), code), undefined);
  t.is(await findCode(db, keys, makePartnerCode()), undefined);
  for (const odd of ['', '\0', '\ud800', 'x'.repeat(100_000), "'; drop table partners"])
    t.is(await findCode(db, keys, odd), undefined);
});

const unusable = test.macro({
  exec: async (t, end: (db: Database, code: { id: string; partnerId: string }) => PromiseLike<unknown>) => {
    const { db } = t.context as { db: Database };
    const { id, code, partnerId } = await buildCode(db, { expiresAt: tomorrow() });
    await end(db, { id, partnerId });
    t.deepEqual(await findCode(db, keys, code), { id, partnerId, usable: false });
    t.is(await findUsableCode(db, keys, code), undefined);
    t.false(await countUse(db, id));
  },
  title: (what) => `a code that is ${what} is known and cannot be used (C8)`,
});
test('revoked', unusable, (db, { id, partnerId }) => revokeCode(db, partnerId, id));
test('expired', unusable, (db, { id }) => db('partner_codes').where({ id }).update({ expires_at: yesterday() }));
test('used up', unusable, (db, { id }) => countUse(db, id));
test("a disabled partner's", unusable, (db, { partnerId }) =>
  db('partners').where({ id: partnerId }).update({ disabled_at: new Date() }),
);

test('of sixteen uses of a one-use code at once, one counts (C7)', async (t) => {
  const { db } = t.context;
  const { id } = await buildCode(db);
  const outcomes = await Promise.all(Array.from({ length: 16 }, () => db.transaction((trx) => countUse(trx, id))));
  t.is(outcomes.filter(Boolean).length, 1);
  t.like(await db('partner_codes').where({ id }).first(), { uses: 1 });
});

test('a code for three is used three times; a use that is rolled back is none', async (t) => {
  const { db } = t.context;
  const { id } = await buildCode(db, { maxUses: 3 });
  const undone = db.transaction(async (trx) => {
    t.true(await countUse(trx, id));
    throw new Error('the account could not be made');
  });
  await t.throwsAsync(undone, { message: 'the account could not be made' });
  t.is((await db('partner_codes').where({ id }).first()).uses, 0);
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => countUse(db, id)));
  t.is(outcomes.filter(Boolean).length, 3);
  t.truthy((await db('partner_codes').where({ id }).first()).last_used_at);
});

test('a use waits for a partner that is being disabled, and is refused then', async (t) => {
  const { db } = t.context;
  const { id, partnerId } = await buildCode(db);
  let use: Promise<boolean> | undefined;
  await db.transaction(async (trx) => {
    await trx('partners').where({ id: partnerId }).update({ disabled_at: new Date() });
    use = countUse(db, id);
    t.is(await Promise.race([use, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))]), 'waits');
  });
  t.false(await use);
});

test('a form that is sent twice makes one code', async (t) => {
  const { db } = t.context;
  const partnerId = await buildPartner(db);
  const id = randomUUID();
  const made = await Promise.all([1, 2, 3].map(() => createPartnerCode(db, keys, { id, partnerId })));
  t.is(made.filter(Boolean).length, 1);
  t.is((await db('partner_codes').where({ partner_id: partnerId })).length, 1);
});

test('a code that takes the place of another has its label, uses and time to live; the other one ends', async (t) => {
  const { db } = t.context;
  const expiresAt = new Date(Date.now() + 10 * 24 * 3_600_000);
  const old = await buildCode(db, { label: 'Fair', maxUses: 7, expiresAt });
  await db('partner_codes')
    .where({ id: old.id })
    .update({ created_at: db.raw("now() - interval '5 days'") });
  const { partnerId } = old;
  const rotation = { partnerId, codeId: old.id };
  const made = await db.transaction((trx) => rotateCode(trx, keys, rotation));
  t.is((await findCode(db, keys, old.code))?.usable, false);
  t.deepEqual(await findUsableCode(db, keys, made?.code ?? ''), { id: made?.id, partnerId });
  const row = await db('partner_codes').where({ id: made?.id }).first();
  t.like(row, { label: 'Fair', max_uses: 7, uses: 0 });
  const days = (row.expires_at.getTime() - Date.now()) / (24 * 3_600_000);
  t.true(days >= 15 && days < 16, `${days}: to the end of the day fifteen days from now`);
  t.is(await db.transaction((trx) => rotateCode(trx, keys, rotation)), undefined, 'only once');
  t.false(await revokeCode(db, partnerId, old.id));
  t.false(await revokeCode(db, await buildPartner(db), made?.id ?? ''), 'not by way of another partner');
});

test('a code that never expires has a successor that never does', async (t) => {
  const { db } = t.context;
  const { id, partnerId } = await buildCode(db);
  const made = await rotateCode(db, keys, { partnerId, codeId: id });
  t.is((await db('partner_codes').where({ id: made?.id }).first()).expires_at, null);
});
