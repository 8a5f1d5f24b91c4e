import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { inState, says } from '../../builders/journeys.js';
import { BrowserSession, hiddenField } from '../../helpers/browser-session.js';
import { eventually } from '../../helpers/eventually.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff } from './fixtures.js';
import {
  auditOf,
  type BuiltRegistration,
  buildBlocked,
  buildParked,
  buildUnapproved,
  buildWaiting,
  eventRecorded,
  eventsOf,
} from './registration-fixtures.js';

type Staff = Record<'viewer' | 'operator', BuiltStaff>;
const test = anyTest as TestFn<{ stack: Stack; staff: Staff }>;

test.before(async (t) => {
  const stack = await startStack({}, { keepsTemporal: true });
  t.context.stack = stack;
  t.context.staff = { viewer: await buildStaff(stack, 'viewer'), operator: await buildStaff(stack, 'operator') };
});
test.after.always((t) => t.context.stack?.stop());

const list = '/console/registrations';
const reason = 'the provider is back';

/** Posts the list's form with these fields, as the list with this filter has it. */
async function retry(browser: BrowserSession, fields: Record<string, string>, filter = '') {
  const page = await browser.get(`${list}?${filter}`);
  const batchId = page.text.includes('name="batchId"') ? hiddenField(page.text, 'batchId') : randomUUID();
  const typed = Object.fromEntries(new URLSearchParams(filter));
  return browser.post('/console/batches', { batchId, ...typed, ...fields }, page);
}

const itemsOf = (stack: Stack, id: string) => stack.db('batch_items').where({ batch_id: id });
const idOf = (location: string | null) => location?.split('/').at(-1) ?? '';
const finished = (stack: Stack, id: string) =>
  eventually('the batch is finished', () => stack.db('batches').where({ id }).whereNotNull('finished_at').first());

test.serial('what is selected is retried, and nothing else', async (t) => {
  const { stack, staff } = t.context;
  const [one, two, other, waiting] = [
    await buildBlocked(stack),
    await buildBlocked(stack),
    await buildParked(stack),
    await buildWaiting(stack),
  ];
  const picks = { pick1: one.reference, pick7: two.reference, pick50: waiting.reference, pick2: 'RG-0000-0000' };
  const answer = await retry(staff.operator.browser, { scope: 'selected', reason, ...picks });
  t.is(answer.status, 303, answer.text.slice(0, 2_000));
  const id = idOf(answer.location);
  for (const { email } of [one, two]) await inState(stack, email, 'completed');
  await finished(stack, id);
  const items = await itemsOf(stack, id);
  t.deepEqual(items.map((item) => item.registration_id).sort(), [one.id, two.id].sort());
  t.true(items.every(({ sent_at }) => sent_at));
  t.false((await eventsOf(stack, other)).includes('RETRY'));

  const page = await staff.viewer.browser.get(answer.location ?? '');
  for (const words of [reason, staff.operator.email, '2 of 2', 'data-live']) t.true(page.text.includes(words), words);
  t.true(says(page, 'states.completed'));
  t.true((await staff.viewer.browser.get('/console/batches')).text.includes(`href="/console/batches/${id}"`));
  t.true((await staff.viewer.browser.get(one.path)).text.includes(`href="/console/batches/${id}"`));
});

test.serial('all that match are retried: those that stand there when it is asked for, on whatever page', async (t) => {
  const { stack, staff } = t.context;
  const parked = [await buildParked(stack), await buildParked(stack)];
  const blocked = await buildBlocked(stack);
  const unapproved = await buildUnapproved(stack);
  const filter = `state=lookupParked&email=${parked[0]!.email.slice(0, 4)}`;
  const answer = await retry(staff.operator.browser, { scope: 'all' }, filter);
  const id = idOf(answer.location);
  await finished(stack, id);
  const items = await itemsOf(stack, id);
  for (const { id: wanted } of parked) t.true(items.some(({ registration_id }) => registration_id === wanted));
  for (const { id: unwanted } of [blocked, unapproved])
    t.false(items.some(({ registration_id }) => registration_id === unwanted));
  for (const registration of parked) await eventRecorded(stack, registration, 'RETRY');
  t.false((await eventsOf(stack, unapproved)).includes('RETRY'));

  const [line, ...more] = await auditOf(stack, id);
  t.like(line, { action: 'batch.started', subject_type: 'batch', staff_id: staff.operator.id });
  t.like(line.after, { chosen: 'all', state: 'lookupParked', byEmail: true, total: items.length });
  t.false(JSON.stringify(line).includes(parked[0]!.email.slice(0, 5)));
  t.deepEqual(more, []);
});

test.serial('a viewer is offered nothing to retry, and cannot', async (t) => {
  const { stack, staff } = t.context;
  const parked = await buildParked(stack);
  const page = await staff.viewer.browser.get(`${list}?reference=${parked.reference}`);
  t.true(page.text.includes(parked.reference));
  for (const part of ['type="checkbox"', 'name="scope"']) t.false(page.text.includes(part), part);
  const before = await stack.db('batches').select('id');
  t.is((await retry(staff.viewer.browser, { scope: 'all' })).status, 403);
  t.is((await retry(new BrowserSession(stack.url), { scope: 'all' }).catch(() => ({ status: 401 }))).status, 401);
  t.deepEqual(await stack.db('batches').select('id'), before);
  for (const path of ['/console/batches', `/console/batches/${randomUUID()}`])
    t.is((await new BrowserSession(stack.url).get(path)).location, '/console/login');
});

test.serial(
  'a filter that is not understood, or nothing selected, retries nothing and keeps what was typed',
  async (t) => {
    const { stack, staff } = t.context;
    const { browser } = staff.operator;
    await buildParked(stack);
    const before = await stack.db('batches').select('id');
    for (const [fields, status, shown] of [
      [{ scope: 'all', state: 'nowhere' }, 400, 'fieldErrors.invalidChoice'],
      [{ scope: 'all', stuck: 'long' }, 400, 'fieldErrors.invalidNumber'],
      [{ scope: 'selected' }, 400, 'registrations.retry.nothingSelected'],
      [{ scope: 'selected', pick1: 'RG-0000-0000' }, 409, 'registrations.retry.nothing'],
      [{ scope: 'all', state: 'completed' }, 409, 'registrations.retry.nothing'],
      [{ scope: 'all', reason: 'x'.repeat(301) }, 400, 'fieldErrors.tooLong'],
    ] as [Record<string, string>, number, string][]) {
      const answer = await retry(browser, { reason: 'typed', ...fields });
      t.is(answer.status, status, JSON.stringify(fields));
      t.true(says(answer, shown), shown);
    }
    t.true((await retry(browser, { scope: 'selected', reason: 'typed' })).text.includes('value="typed"'));
    const malformed: Record<string, string>[] = [
      { scope: 'everything' },
      { scope: 'all', batchId: 'x' },
      { scope: 'all', isAdmin: 'on' },
    ];
    for (const fields of malformed) t.is((await retry(browser, fields)).status, 400);
    t.deepEqual(await stack.db('batches').select('id'), before);
  },
);

test.serial('a double click is one batch, and one line of the audit log', async (t) => {
  const { stack, staff } = t.context;
  const { browser } = staff.operator;
  await buildParked(stack);
  const page = await browser.get(list);
  const fields = { batchId: hiddenField(page.text, 'batchId'), scope: 'all' };
  const answers = await Promise.all([1, 2, 3].map(() => browser.post('/console/batches', fields, page)));
  for (const { status, location } of answers)
    t.deepEqual([status, location], [303, `/console/batches/${fields.batchId}`]);
  await finished(stack, fields.batchId);
  t.is((await auditOf(stack, fields.batchId)).length, 1);
});

test.serial('while Temporal is away the batch is accepted, and sent when it is back', async (t) => {
  const { stack, staff } = t.context;
  const parked: BuiltRegistration = await buildParked(stack);
  const before = (await eventsOf(stack, parked)).filter((event) => event === 'RETRY').length;
  await stack.stopTemporal();
  const answer = await retry(staff.operator.browser, { scope: 'selected', pick1: parked.reference });
  const page = await staff.viewer.browser.get(answer.location ?? '');
  await stack.startTemporal();
  t.is(answer.status, 303);
  t.true(page.text.includes('0 of 1'));
  // The reconciler takes up what is older than half a minute, when the API starts and every minute.
  const id = idOf(answer.location);
  await stack
    .db('batches')
    .where({ id })
    .update({ created_at: stack.db.raw("now() - interval '1 minute'") });
  await stack.api.kill('SIGTERM');
  stack.api = await stack.startApi();
  await finished(stack, id);
  await eventRecorded(stack, parked, 'RETRY', before + 1);
});

test.serial('what is no batch is not found, and a reason is shown as text', async (t) => {
  const { stack, staff } = t.context;
  for (const id of [randomUUID(), 'x', '%00'])
    t.is((await staff.viewer.browser.get(`/console/batches/${id}`)).status, 404, id);
  const parked = await buildParked(stack);
  const hostile = '<script>alert(1)</script>';
  const answer = await retry(staff.operator.browser, { scope: 'selected', pick1: parked.reference, reason: hostile });
  for (const path of [answer.location ?? '', '/console/batches']) {
    const { text } = await staff.viewer.browser.get(path);
    t.true(text.includes('&lt;script'), path);
    t.false(text.includes('<script>alert'), path);
  }
});
