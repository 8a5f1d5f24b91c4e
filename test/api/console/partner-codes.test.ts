import { randomUUID } from 'node:crypto';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import decodeQR from 'qr/decode.js';
import { eraseDisplays } from '../../../db/code-displays.js';
import { canonicalCode } from '../../../db/partner-codes.js';
import { SecretKeys } from '../../../db/secret-keys.js';
import type { Answer } from '../../helpers/browser-session.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff, formOf } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; admin: BuiltStaff; operator: BuiltStaff }>;

test.before(async (t) => {
  const stack = await startStack();
  const [operator, admin] = [await buildStaff(stack, 'operator'), await buildStaff(stack, 'admin')];
  Object.assign(t.context, { stack, admin, operator });
});
test.after.always((t) => t.context.stack?.stop());

type Context = ExecutionContext<{ stack: Stack; admin: BuiltStaff }>;

async function openPartner(t: Context, overrides: Record<string, unknown> = {}) {
  const { stack, admin } = t.context;
  const [{ id }] = await stack
    .db('partners')
    .insert({
      name: 'Acme GmbH',
      street: 'Rosenweg 1',
      city: 'München',
      country: 'DE',
      origin: 'console',
      ...overrides,
    })
    .returning('id');
  const path = `/console/partners/${id}`;
  const codes = `${path}/codes`;
  const open = () => admin.browser.get(path);
  /** Makes a code with the form as it is shown, and what is typed over it. */
  const make = async (typed: Record<string, string> = {}) => {
    const page = await open();
    return admin.browser.post(codes, { ...newCodeForm(page, codes), ...typed }, page);
  };
  return { id, path, codes, open, make };
}

/** The form for a new code stands below those that replace one. */
function newCodeForm(page: Answer, codes: string): Record<string, string> {
  return formOf(page.text.slice(page.text.indexOf('aria-labelledby="new-code"') - 200), codes);
}

const codePattern = /[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){4}/;
const codeIn = (page: Answer) => page.text.match(codePattern)?.[0] ?? '';

test.serial('an admin makes a code, which is shown once, as text, link, picture and letter', async (t) => {
  const { stack, admin } = t.context;
  const { id, codes, open, make } = await openPartner(t);
  const before = await stack.logs();
  const page = await make({ label: 'Sales', maxUses: '3' });
  t.is(page.status, 200);
  t.is(page.headers.get('cache-control'), 'no-store');
  const code = codeIn(page);
  t.true(page.text.includes(`${stack.url}/register?kind=partner&amp;code=${code}`));
  t.regex(page.text, /<article class="letter"[^>]*>.*Acme GmbH.*Rosenweg 1.*München.*3 people can use the code/s);
  const row = await stack.db('partner_codes').where({ partner_id: id }).first();
  t.like(row, { label: 'Sales', max_uses: 3, uses: 0, created_by: admin.id });
  const days = (row.expires_at.getTime() - Date.now()) / (24 * 3_600_000);
  t.true(days > 89 && days < 91, 'in 90 days, unless somebody says otherwise');
  const keys = SecretKeys.parse(stack.env.SECRET_KEYS ?? '');
  t.deepEqual(row.code_hash, keys.hash('partner-code', canonicalCode(code)));

  const [line] = await stack.db('audit_log').where({ subject: row.id });
  t.like(line, { action: 'partnerCode.created', subject_type: 'partnerCode', staff_id: admin.id });
  const again = await open();
  for (const where of [JSON.stringify(line), again.text, (await stack.logs()).slice(before.length)])
    t.notRegex(where, codePattern);
  t.regex(again.text, /Sales.*Usable.*0 of 3/s);
  t.is((await admin.browser.get(codes)).location, `/console/partners/${id}`, 'choosing a language leads back');
});

test.serial('the picture is a QR code of the link, dark on white with its quiet zone', async (t) => {
  const { stack } = t.context;
  const { make } = await openPartner(t);
  const page = await make();
  const svg = page.text.match(/<svg class="qr" role="img" aria-label="[^"]+" viewBox="0 0 (\d+) \1".*?<\/svg>/s);
  const size = Number(svg?.[1]);
  t.regex(svg?.[0] ?? '', new RegExp(`<rect width="${size}" height="${size}" fill="#fff"></rect>`));
  t.false(/style=/.test(svg?.[0] ?? ''), 'the content security policy allows no style in the page');
  const path = svg?.[0].match(/<path d="([^"]+)"/)?.[1] ?? '';
  t.is(decodeQR(draw(path, size)), `${stack.url}/register?kind=partner&code=${codeIn(page)}`);
});

/** Eight pixels a module. */
function draw(path: string, size: number) {
  const scale = 8;
  const width = size * scale;
  const data = new Uint8Array(width * width * 4).fill(255);
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g))
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++)
      for (let column = Number(x) * scale; column < (Number(x) + Number(length)) * scale; column++)
        data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
  return { width, height: width, data };
}

test.serial('a double click makes one code, and both answers show it; a later GET shows nothing', async (t) => {
  const { stack, admin } = t.context;
  const { id, codes, open } = await openPartner(t);
  const page = await open();
  const form = newCodeForm(page, codes);
  const answers = await Promise.all([1, 2].map(() => admin.browser.post(codes, form, page)));
  t.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
  t.truthy(codeIn(answers[0]!));
  t.is(codeIn(answers[1]!), codeIn(answers[0]!));
  t.is((await stack.db('partner_codes').where({ partner_id: id })).length, 1);
  t.is((await stack.db('audit_log').where({ subject: form.codeId })).length, 1);
  t.is((await admin.browser.get(codes)).location, `/console/partners/${id}`);
  t.notRegex((await open()).text, codePattern);
  const { rows } = await stack.db.raw('select d::text as row from code_displays d where code_id = ?', [form.codeId!]);
  t.notRegex(Buffer.from(rows[0].row).toString(), codePattern);
  t.false(rows[0].row.includes(Buffer.from(codeIn(answers[0]!)).toString('hex')), 'sealed');
});

test.serial('the code is shown again to nobody else, after ten minutes to nobody, and then erased', async (t) => {
  const { stack, admin } = t.context;
  const { id, codes, open } = await openPartner(t);
  const page = await open();
  const form = newCodeForm(page, codes);
  t.is((await admin.browser.post(codes, form, page)).status, 200);
  const other = (await buildStaff(stack, 'admin')).browser;
  const theirs = await other.get(`/console/partners/${id}`);
  const elsewhere = await openPartner(t);
  const late = async () => {
    const answer = await admin.browser.post(codes, form, page);
    await stack
      .db('code_displays')
      .where({ code_id: form.codeId })
      .update({ created_at: new Date(Date.now() - 600_000) });
    return answer;
  };
  t.is((await late()).status, 200, 'just before');
  for (const answer of [
    await admin.browser.post(codes, form, page),
    await other.post(codes, { ...newCodeForm(theirs, codes), codeId: form.codeId! }, theirs),
    await admin.browser.post(elsewhere.codes, form, page),
  ]) {
    t.is(answer.status, 409);
    t.true(answer.text.includes('This code was made already'));
    t.notRegex(answer.text, codePattern);
  }
  t.is((await stack.db('partner_codes').where({ partner_id: id })).length, 1);
  await eraseDisplays(stack.db);
  t.is(await stack.db('code_displays').where({ code_id: form.codeId }).first(), undefined);
});

test.serial('the letter is in the language that is chosen for it, the page stays in its own', async (t) => {
  const { stack, admin } = t.context;
  const { id, codes, make } = await openPartner(t);
  const page = await make();
  t.true(page.text.includes('lang="en" aria-labelledby="letter-subject"'));
  const again = formOf(page.text, codes);
  const german = await admin.browser.post(codes, { ...again, letterLanguage: 'de' }, page);
  t.is(codeIn(german), codeIn(page));
  t.regex(german.text, /<article class="letter" lang="de".*Deutschland.*Ihr Zugang zu Vestibule.*Ihr Partner-Code/s);
  t.true(german.text.includes('Print this page'));
  t.is((await admin.browser.post(codes, { ...again, letterLanguage: 'xx' }, page)).status, 400);
  t.is((await stack.db('partner_codes').where({ partner_id: id })).length, 1);
});

test.serial('what is wrong with a code is told beside its field, and what was typed stays', async (t) => {
  const { stack } = t.context;
  const { id, make } = await openPartner(t);
  const date = (days: number) => new Date(Date.now() + days * 24 * 3_600_000).toISOString().slice(0, 10);
  for (const [typed, named] of [
    [{ maxUses: '0' }, 'maxUses'],
    [{ maxUses: '10001' }, 'maxUses'],
    [{ maxUses: '1.5' }, 'maxUses'],
    [{ maxUses: '' }, 'maxUses'],
    [{ label: 'x'.repeat(101) }, 'label'],
    [{ label: 'a\0b' }, 'label'],
    [{ expiresOn: date(-1) }, 'expiresOn'],
    [{ expiresOn: date(4_000) }, 'expiresOn'],
    [{ expiresOn: '2031-02-31' }, 'expiresOn'],
    [{ expiresOn: 'tomorrow' }, 'expiresOn'],
  ] as const) {
    const answer = await make({ label: 'Kept', ...typed });
    t.is(answer.status, 400);
    t.regex(answer.text, new RegExp(`id="${named}-error">[^<]{10,}<`), JSON.stringify(typed));
    t.true('label' in typed || answer.text.includes('value="Kept"'));
  }
  t.is((await make({ codeId: 'x' })).status, 400);
  t.deepEqual(await stack.db('partner_codes').where({ partner_id: id }), []);
});

test.serial('a code may live for ever, or until the end of today', async (t) => {
  const { stack } = t.context;
  const { id, make } = await openPartner(t);
  const today = new Date().toISOString().slice(0, 10);
  for (const [expiresOn, stored] of [
    ['', null],
    [today, `${today}T23:59:59.000Z`],
  ] as const) {
    t.is((await make({ expiresOn })).status, 200);
    const row = await stack.db('partner_codes').where({ partner_id: id }).orderBy('created_at', 'desc').first();
    t.is(row.expires_at?.toISOString() ?? null, stored);
  }
});

test.serial('a code is replaced in one step; the old one is refused, the new one shown once', async (t) => {
  const { stack, admin } = t.context;
  const { id, codes, open, make } = await openPartner(t);
  const first = codeIn(await make({ label: 'Fair', maxUses: '2' }));
  const page = await open();
  const form = formOf(page.text, codes);
  const replaced = await admin.browser.post(codes, form, page);
  t.is(replaced.status, 200);
  t.true(replaced.text.includes('The code it replaces does not work any more.'));
  t.not(codeIn(replaced), first);
  const rows = await stack.db('partner_codes').where({ partner_id: id }).orderBy('created_at');
  t.is(rows.length, 2);
  t.truthy(rows[0].revoked_at);
  t.like(rows[1], { id: form.codeId, label: 'Fair', max_uses: 2, revoked_at: null });
  const [line] = await stack.db('audit_log').where({ subject: form.replaces, action: 'partnerCode.rotated' });
  t.deepEqual(line.after, { replacedBy: form.codeId });

  const again = await admin.browser.post(codes, form, page);
  t.is(codeIn(again), codeIn(replaced), 'sent again');
  t.true(again.text.includes('The code it replaces does not work any more.'));
  const late = await admin.browser.post(codes, { ...form, codeId: randomUUID() }, page);
  t.is(late.status, 409, 'somebody else replaced it first');
  t.true(late.text.includes('Somebody else has changed this meanwhile.'));
  t.is((await stack.db('partner_codes').where({ partner_id: id })).length, 2);
});

test.serial('a code is revoked once; who comes second is told', async (t) => {
  const { stack, admin } = t.context;
  const { id, path, open, make } = await openPartner(t);
  await make();
  const { id: codeId } = await stack.db('partner_codes').where({ partner_id: id }).first();
  const revoke = `${path}/codes/${codeId}/revoke`;
  const page = await open();
  t.is((await admin.browser.post(revoke, {}, page)).location, path);
  t.regex((await open()).text, /The code is revoked.*Revoked/s);
  const second = await admin.browser.post(revoke, {}, page);
  t.is(second.status, 409);
  t.true(second.text.includes('Somebody else has changed this meanwhile.'));
  t.is((await stack.db('audit_log').where({ subject: codeId, action: 'partnerCode.revoked' })).length, 1);
  const other = await openPartner(t);
  t.is((await admin.browser.post(`${other.path}/codes/${codeId}/revoke`, {}, page)).status, 404, "another partner's");
  t.is((await admin.browser.post(`${path}/codes/x/revoke`, {}, page)).status, 404);
});

test.serial('a disabled partner gets no new code, and its codes are said to be refused', async (t) => {
  const { stack } = t.context;
  const { id, codes, open, make } = await openPartner(t);
  await make();
  const page = await open();
  await stack.db('partners').where({ id }).update({ disabled_at: new Date() });
  const answer = await t.context.admin.browser.post(codes, newCodeForm(page, codes), page);
  t.is(answer.status, 409);
  const now = await open();
  t.true(now.text.includes('Partner disabled'));
  t.false(now.text.includes('aria-labelledby="new-code"'));
  t.is((await stack.db('partner_codes').where({ partner_id: id })).length, 1);
});

test.serial("a hostile partner's name, address and label stay text on the page of the code", async (t) => {
  const hostile = '<script>alert(1)</script>';
  const { make, open } = await openPartner(t, { name: hostile, street: hostile, city: hostile });
  const page = await make({ label: hostile });
  t.is(page.status, 200);
  for (const { text } of [page, await open()]) {
    t.false(text.includes('<script>alert'));
    t.true(text.includes('&lt;script>alert(1)'));
  }
});

test.serial('only admins make, replace and revoke codes (A15)', async (t) => {
  const { stack, operator } = t.context;
  const { id, path, codes, make } = await openPartner(t);
  await make();
  const { id: codeId } = await stack.db('partner_codes').where({ partner_id: id }).first();
  const page = await operator.browser.get(path);
  t.false(/<form[^>]*codes/.test(page.text));
  const form = { codeId: randomUUID(), maxUses: '1' };
  t.is((await operator.browser.post(codes, form, page)).status, 403);
  t.is((await operator.browser.post(codes, { ...form, replaces: codeId }, page)).status, 403);
  t.is((await operator.browser.post(`${codes}/${codeId}/revoke`, {}, page)).status, 403);
  const nobody = new BrowserSession(stack.url);
  t.is((await nobody.post(codes, form, await nobody.get('/console/login'))).status, 401);
  t.like((await stack.db('partner_codes').where({ partner_id: id }))[0], { revoked_at: null });
});
