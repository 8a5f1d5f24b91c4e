/**
 * People register while something breaks every few seconds (security.md X17). `LONG=1`: 300 of them, for ten minutes.
 * `SOAK_SEED` makes the choices of an earlier run again.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import { mailsTo } from '../builders/journeys.js';
import { handOverWithin, within } from '../helpers/eventually.js';
import { endSessions } from '../helpers/faults.js';
import { inv } from '../helpers/invariants.js';
import { reconcileNow } from '../helpers/reconcile.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { type Call, ClientLog } from './fixtures/client-log.js';
import { seededRandom } from './fixtures/seeded-random.js';
import { findings } from './fixtures/soak-check.js';
import { Faults } from './fixtures/soak-faults.js';
import { endings, live } from './fixtures/soak-person.js';

const test = anyTest as TestFn<{ stack: Stack; log: ClientLog }>;
const isLong = process.env.LONG === '1';
const people = isLong ? 300 : 18;
/** Milliseconds. */
const duration = isLong ? 600_000 : 10_000;
const faultEvery = isLong ? 5_000 : 1_500;
/** After the last fault everybody has their answer within this time. */
const afterwards = handOverWithin;

test.before(async (t) => {
  t.context.log = new ClientLog();
  t.context.stack = await startStack({}, { keepsTemporal: true });
  // Among the faults is a PostgreSQL that loses its memory: what it has said yes to must be in its log then.
  await t.context.stack.db.raw('alter database vestibule set synchronous_commit = on');
  await endSessions(t.context.stack.db);
  const quick = { resend_cooldown_seconds: 1, mail_retry_seconds: 1, creation_retry_seconds: 1 };
  await t.context.stack.db('settings').update(quick);
});
test.after.always((t) => t.context.stack?.stop());

test.serial('whatever breaks while people register, what they were told is true afterwards (X17)', async (t) => {
  t.timeout(duration + 4 * afterwards);
  const { stack, log } = t.context;
  const seed = Number(process.env.SOAK_SEED ?? randomInt(2 ** 31));
  t.log(`SOAK_SEED=${seed}`);
  const faults = new Faults(stack, seededRandom(seed), isLong);
  const lives = Array.from({ length: people }, async (_, index) => {
    const random = seededRandom(seed + index + 1);
    await delay(random.below(duration));
    await live({ stack, log }, random, endings[index % endings.length]!);
  });
  const all = Promise.all(lives);
  for (const end = Date.now() + duration; Date.now() < end; faults.strike()) await delay(faultEvery);
  const lastFaultAt = Date.now();
  await faults.bringBack();
  t.log(faults.done.join('; '));
  await within('everybody has their answers', all, afterwards);
  const answeredAt = Date.now();
  await reconcileNow(stack);
  await inv(stack.db, stack.temporal);
  t.deepEqual(await findings(stack, log.calls), []);
  t.deepEqual(faults.endedByThemselves, [], 'only what was ended has ended');
  t.log(
    `all answered ${answeredAt - lastFaultAt} ms after the last fault, all quiet ${Date.now() - answeredAt} ms later`,
  );
  t.log(told(stack, log.calls));
});

test.serial('the check of the soak finds what was not kept', async (t) => {
  const { stack } = t.context;
  const { calls } = t.context.log;
  const done = calls.find(({ kind, told }) => kind === 'submit' && told.endsWith('/login'))!;
  const nobody = { ...done, person: 'nobody@example.com' };
  const tampered: Record<string, Call[]> = {
    'no account where nobody submitted': calls.filter(({ kind }) => kind !== 'submit'),
    'who was told yes has an account': [nobody],
    'who was sent to the login has an account': [nobody],
    'who was refused has an account': [{ ...nobody, outcome: 'refused' }],
    'an account is one submit, whole': [{ ...done, label: 'another' }],
    'what was cancelled has no account': [...calls, { ...done, kind: 'cancel' }],
    'an accepted start has brought a mail': [{ ...nobody, kind: 'start' }],
    'a draft is kept': [{ ...nobody, kind: 'save' }],
    'what was saved is shown': [{ ...nobody, kind: 'open', shown: 'what nobody typed' }],
  };
  for (const [rule, told] of Object.entries(tampered)) {
    const found = await findings(stack, told);
    t.true(
      found.some((finding) => finding.startsWith(rule)),
      rule,
    );
  }
  await stack.db('customers').update({ city: 'of somebody else' });
  await stack.db('mails').update({ message_id: stack.db.raw("message_id || 'x'") });
  const found = (await findings(stack, calls)).join();
  for (const rule of ['an account is one submit, whole', 'each registration and sequence has one mail'])
    t.true(found.includes(rule), rule);
});

/** What the run was like: a soak in which nothing was lost has tried nothing. */
function told(stack: Stack, calls: Call[]): string {
  const outcomes = ['ok', 'refused', 'unknown'].map((outcome) => [
    outcome,
    calls.filter((call) => call.outcome === outcome).length,
  ]);
  const mails = [...new Set(calls.map(({ person }) => person))].flatMap((person) => mailsTo(stack, person));
  const twice = mails.length - new Set(mails.map(({ messageId }) => messageId)).size;
  return `${outcomes.map(([outcome, count]) => `${count} ${outcome}`).join(', ')}; ${mails.length} mails, ${twice} of them again`;
}
