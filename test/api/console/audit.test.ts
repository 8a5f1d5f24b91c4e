import anyTest, { type TestFn } from 'ava';
import { recordAudit } from '../../../db/audit.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; admin: BuiltStaff; viewer: BuiltStaff }>;
const list = '/console/audit';

test.before(async (t) => {
  const stack = await startStack();
  const [admin, viewer] = [await buildStaff(stack, 'admin'), await buildStaff(stack, 'viewer')];
  Object.assign(t.context, { stack, admin, viewer });
});
test.after.always((t) => t.context.stack?.stop());

const record = ({ db }: Stack, staff: BuiltStaff, entry: Partial<Parameters<typeof recordAudit>[1]> = {}) =>
  recordAudit(db, {
    staffId: staff.id,
    source: '192.0.2.7',
    action: 'registration.cancel',
    subjectType: 'registration',
    subject: 'RG-7K3F-2M9T',
    ...entry,
  });

test.serial('nothing in the log can be changed, removed or emptied (A18)', async (t) => {
  const { stack, admin } = t.context;
  await record(stack, admin);
  const before = await stack.db('audit_log').orderBy('id');
  for (const attempt of [
    () => stack.db('audit_log').update({ reason: 'another' }),
    () => stack.db('audit_log').delete(),
    () => stack.db.raw('truncate audit_log'),
    () => stack.db.raw('truncate staff cascade'),
    () => stack.db('staff').where({ id: admin.id }).delete(),
  ])
    await t.throwsAsync(async () => attempt());
  t.deepEqual(await stack.db('audit_log').orderBy('id'), before);
});

test.serial('a line tells who did what to what, when, from where and why, and what differs', async (t) => {
  const { stack, admin, viewer } = t.context;
  const reason = 'Called <script>alert(1)</script> "twice"';
  const subject = 'RG-AAAA-BBBB';
  const before = { state: 'awaitingProof', days: 3, note: null };
  await record(stack, admin, {
    subject,
    reason,
    before,
    after: { state: '<b>gone</b>', days: 4, list: ['a', 'b'], key: 'k-9' },
  });
  const { text } = await viewer.browser.get(`${list}?subject=${subject}`);
  t.true(text.includes(`${admin.email} asked to cancel: `));
  t.true(text.includes(`<a href="/console/registrations/${subject}">${subject}</a>`));
  t.true(text.includes('from 192.0.2.7'));
  t.regex(text, /<time datetime="20\d\d-[^"]*Z"/i);
  t.true(text.includes('Called &lt;script>alert(1)&lt;/script>'));
  t.true(text.includes('<td>awaitingProof</td><td>&lt;b>gone&lt;/b></td>'));
  t.true(text.includes('<td>–</td><td>a, b</td>'));
  t.notRegex(text, /<script>alert|<b>gone|k-9/);
});

test.serial('what the catalogue has no words for is shown as it is', async (t) => {
  const { stack, admin } = t.context;
  await record(stack, admin, {
    action: 'provider.somethingNew',
    subjectType: 'provider',
    subject: 'x',
    after: { odd_field: 1 },
  });
  await record(stack, admin, { action: 'staff', subjectType: 'staff', subject: 'x' });
  const { text } = await admin.browser.get(`${list}?subject=x`);
  t.true(text.includes('provider.somethingNew'));
  t.true(text.includes('odd field'));
  t.false(text.includes('audit.'));
  t.false(text.includes('returned an object'));
});

test.serial('the log is shown newest first, page by page, without a line twice or left out', async (t) => {
  const { stack, admin, viewer } = t.context;
  const subjects = Array.from({ length: 120 }, (_, n) => `page-${String(n).padStart(3, '0')}`);
  for (const subject of subjects)
    await record(stack, admin, { action: 'batch.started', subjectType: 'batch', subject });
  const seen: string[] = [];
  for (let path = `${list}?action=batch.`; path; ) {
    const { text } = await viewer.browser.get(path.replaceAll('&amp;', '&'));
    seen.push(...[...text.matchAll(/subject=(page-\d+)"/g)].map(([, subject]) => subject ?? ''));
    path = /href="([^"]*before=[^"]*)"/.exec(text)?.[1] ?? '';
  }
  t.deepEqual(seen, subjects.toReversed());
});

test.serial('filters by who, what about and subject, and what makes no sense filters nothing', async (t) => {
  const { stack, admin, viewer } = t.context;
  const other = await buildStaff(stack, 'operator');
  await record(stack, other, { subject: 'RG-FFFF-0001', action: 'registration.retry' });
  await record(stack, other, { subject: 'acme', subjectType: 'partner', action: 'partner.created' });
  await record(stack, admin, { subject: 'RG-FFFF-0001', action: 'registration.approve' });
  const actions = async (query: string) => {
    const answer = await viewer.browser.get(`${list}?${query}`);
    t.is(answer.status, 200, query);
    return [...answer.text.matchAll(/<h2>[^<]*? (asked for another|created|approved)/g)].map(([, word]) => word);
  };
  t.deepEqual(await actions(`staff=${other.id}`), ['created', 'asked for another']);
  t.deepEqual(await actions(`staff=${other.id}&action=partner.`), ['created']);
  t.deepEqual(await actions('subject=rg-ffff-0001+'), ['approved', 'asked for another']);
  t.deepEqual(await actions('staff=&action=&subject=RG-FFFF-0001'), ['approved', 'asked for another']);
  for (const query of [
    "staff=x'",
    'action=%25',
    'subject=%00',
    'before=x',
    'before=99999999999999999999',
    'staff=a&staff=b',
  ])
    t.true((await actions(query)).length >= 3, query);
  t.deepEqual(await actions('subject=nothing-there'), []);
});

test.serial('subjects are called what people call them', async (t) => {
  const { stack, admin } = t.context;
  const [type] = await stack.db('user_types').insert({ kind: 'partner', name: 'Field <i>agent</i>' }).returning('id');
  await record(stack, admin, { action: 'userType.created', subjectType: 'userType', subject: type.id });
  await record(stack, admin, { action: 'staff.disabled', subjectType: 'staff', subject: t.context.viewer.id });
  const { text } = await admin.browser.get(list);
  t.true(text.includes('created a user type: Field &lt;i>agent&lt;/i>'));
  t.true(text.includes(`disabled somebody: ${t.context.viewer.email}`));
});

test.serial(
  'the export is for administrators, follows the filter, and quotes what starts a formula (V15)',
  async (t) => {
    const { stack, admin, viewer } = t.context;
    for (const reason of ['=1+1', '+49', '-1', '@cmd', '\tx', 'plain, "quoted"\nline'])
      await record(stack, admin, { subject: 'RG-CSVC-SVCS', reason });
    const answer = await admin.browser.get(`${list}/export?subject=RG-CSVC-SVCS`);
    t.is(answer.status, 200);
    t.is(answer.headers.get('content-type'), 'text/csv; charset=utf-8');
    t.is(answer.headers.get('content-disposition'), 'attachment; filename="audit-log.csv"');
    const reasons = [...answer.text.matchAll(/"RG-CSVC-SVCS","((?:[^"]|"")*)"/g)].map(([, reason]) => reason);
    t.deepEqual(reasons, ['plain, ""quoted""\nline', "'\tx", "'@cmd", "'-1", "'+49", "'=1+1"]);
    t.is((await viewer.browser.get(`${list}/export`)).status, 403);
    t.false((await viewer.browser.get(list)).text.includes(`${list}/export`), 'not offered');
  },
);

test.serial('all staff read the log; nobody else does', async (t) => {
  const { stack } = t.context;
  const operator = await buildStaff(stack, 'operator');
  t.is((await operator.browser.get(list)).status, 200);
  t.is((await operator.browser.get(`${list}/export`)).status, 403);
  const anonymous = new BrowserSession(stack.url);
  for (const path of [list, `${list}/export`]) t.is((await anonymous.get(path)).location, '/console/login');
});
