import anyTest, { type TestFn } from 'ava';
import { funnel } from '../../../db/registration-statistics.js';
import { buildAccount, buildEmail } from '../../builders/registrations.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; viewer: BuiltStaff }>;
const temporalUi = 'http://temporal.example:8233/';

test.before(async (t) => {
  const stack = await startStack({ TEMPORAL_UI_URL: temporalUi });
  t.context.stack = stack;
  t.context.viewer = await buildStaff(stack, 'viewer');
});
test.after.always((t) => t.context.stack?.stop());

/** A row as the machine would have left it, started this many days ago. */
async function buildRow(
  stack: Stack,
  row: { state: string; kind?: string; days?: number; hours?: number; ended?: boolean },
) {
  const { state, kind = 'customer', days = 0, hours = 0, ended = false } = row;
  const { db } = stack;
  await db('registrations').insert({
    reference: `RG-${buildEmail().slice(4, 8).toUpperCase()}-${buildEmail().slice(4, 8).toUpperCase()}`,
    kind,
    email: buildEmail(),
    language: 'en',
    state,
    attention: ['lookupParked', 'creationBlocked', 'mailUndeliverable', 'awaitingApproval'].includes(state),
    created_at: db.raw('now() - make_interval(days => ?)', [days]),
    state_since: db.raw('now() - make_interval(hours => ?)', [hours]),
    expires_at: db.raw("now() + interval '1 day'"),
    link_requested_at: null,
    ended_at: ended ? db.fn.now() : null,
  });
}

test.serial(
  'the overview is for staff of every role, and says that nothing needs attention when nothing does',
  async (t) => {
    const { stack, viewer } = t.context;
    t.is((await new BrowserSession(stack.url).get('/console')).location, '/console/login');
    const page = await viewer.browser.get('/console');
    t.is(page.status, 200);
    t.true(page.text.includes('Nothing needs you at the moment.'));
    t.true(page.text.includes('href="http://temporal.example:8233/namespaces/default/workflows"'));
    for (const role of ['operator', 'admin'] as const)
      t.is((await (await buildStaff(stack, role)).browser.get('/console')).status, 200);
  },
);

test.serial('the drawing and its table say how many stand where, and for how long half of them have', async (t) => {
  const { stack, viewer } = t.context;
  for (const hours of [3, 5, 48]) await buildRow(stack, { state: 'lookupParked', hours });
  const { text } = await viewer.browser.get('/console');
  const svg = /<svg class="machine"[\s\S]*?<\/svg>/.exec(text)?.[0] ?? '';
  t.regex(svg, /class="node lookupParked attention">[\s\S]*?>3 · 5 hr<\/text>/);
  t.false(svg.includes('@'));
  t.false(/ style=|<style/.test(text));
  const row = />Partner lookup delayed<\/a><\/th>(.*?)<\/tr>/.exec(
    /<table id="states"[\s\S]*?<\/table>/.exec(text)?.[0] ?? '',
  );
  t.regex(row?.[1] ?? '', />3<.*>5 hr</);
});

test.serial('what needs attention leads to the list of it, with how long the oldest has waited', async (t) => {
  const { stack, viewer } = t.context;
  await buildRow(stack, { state: 'awaitingApproval', hours: 72 });
  const { text } = await viewer.browser.get('/console');
  const items = /<ul class="attention-list">[\s\S]*?<\/ul>/.exec(text)?.[0] ?? '';
  t.regex(items, /href="\/console\/registrations\?state=awaitingApproval"[\s\S]*1 registration<[\s\S]*3 days/);
  t.false(items.includes('state=awaitingProof'));
});

test.serial('the funnel counts every registration once, by kind and day of its start', async (t) => {
  const { stack, viewer } = t.context;
  const { email } = await buildAccount(stack);
  const now = await funnel(stack.db, 14);
  const made = [
    { state: 'completed', ended: true },
    { state: 'expired', ended: true },
    { state: 'cancelled', ended: true },
    { state: 'declined', ended: true },
    { state: 'alreadyRegistered', ended: true },
    { state: 'awaitingProof' },
  ];
  for (const row of made) await buildRow(stack, { ...row, kind: 'partner', days: 4 });
  await buildRow(stack, { state: 'expired', ended: true, kind: 'partner', days: 14 });
  const days = await funnel(stack.db, 14);
  t.is(days.length, 42);
  const day = days.filter(({ kind }) => kind === 'partner')[4];
  t.like(day, { started: 6, proven: 0, submitted: 0, open: 1 });
  t.like(day, { completed: 1, expired: 1, cancelled: 1, declined: 1, alreadyRegistered: 1 });
  t.is(
    days.reduce((sum, { started }) => sum + started, 0),
    now.reduce((sum, { started }) => sum + started, 0) + 6,
  );
  for (const { started, completed, open, alreadyRegistered, expired, declined, cancelled } of days)
    t.is(started, completed + open + alreadyRegistered + expired + declined + cancelled);
  t.like(days[0], { kind: 'customer', completed: 1, submitted: 1, proven: 1 });

  const { text } = await viewer.browser.get('/console');
  t.regex(text, /<table class="funnel" id="funnel-partner"/);
  t.false(text.includes(email), 'nothing personal');
});
