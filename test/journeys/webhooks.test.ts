/** Events of the product reach a real receiver, signed, through whatever fails on the way. */
import anyTest, { type TestFn } from 'ava';
import { serviceWorkflowId } from '../../workflows/messages.js';
import { type BuiltStaff, buildStaff, formOf, sendForm } from '../api/console/fixtures.js';
import { registrationOf } from '../builders/journeys.js';
import { buildAccount, buildEmail } from '../builders/registrations.js';
import { buildUser } from '../db/fixtures/rows.js';
import { hiddenField } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { holdAt } from '../helpers/faults.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { startReceiver, verify, type WebhookReceiver } from '../helpers/webhook-receiver.js';

interface Context {
  stack: Stack;
  admin: BuiltStaff;
  receiver: WebhookReceiver;
  /** That all tests use; its id is known once it is made. */
  endpoint: { id: string };
  secrets: string[];
}
const test = anyTest as TestFn<Context>;
const list = '/console/webhooks';

test.before(async (t) => {
  const receiver = await startReceiver();
  t.context.receiver = receiver;
  const stack = await startStack(
    { WEBHOOK_ALLOWED_ORIGINS: receiver.url, LOG_LEVEL: 'debug' },
    { keepsTemporal: true },
  );
  Object.assign(t.context, { stack, admin: await buildStaff(stack, 'admin'), secrets: [], endpoint: { id: '' } });
});
test.after.always(async (t) => {
  await t.context.stack?.stop();
  await t.context.receiver?.stop();
});

const secretIn = (text: string) => /whsec_[\w+/=]{44}/.exec(text.replaceAll('&#x2F;', '/'))?.[0] ?? '';
const pathOf = ({ endpoint }: Context) => `${list}/${endpoint.id}`;
const deliveryOf = ({ stack, endpoint }: Context, userId: string) =>
  stack
    .db('webhook_deliveries as d')
    .join('platform_events as v', 'v.id', 'd.event_id')
    .where('d.endpoint_id', endpoint.id)
    .whereRaw("v.data->>'userId' = ?", [userId])
    .orderBy('d.created_at', 'desc')
    .first('d.*');
const inState = (context: Context, userId: string, state: string, timeoutMs?: number) =>
  eventually(
    `a delivery ${state}`,
    async () => {
      const row = await deliveryOf(context, userId);
      return row?.state === state && row;
    },
    timeoutMs,
  );

test.serial('an administrator adds a webhook, and sees its secret once, also after a double click', async (t) => {
  const { admin, receiver, stack } = t.context;
  const page = await admin.browser.get(list);
  const typed = { ...formOf(page.text, `${list}/new`), name: 'Host', url: `${receiver.url}/events?token=SENT-QUERY` };
  const answers = await Promise.all([1, 2].map(() => admin.browser.post(`${list}/new`, typed, page)));
  const [secret, again] = answers.map(({ text }) => secretIn(text)) as [string, string];
  t.is(Buffer.from(secret.slice('whsec_'.length), 'base64').length, 32);
  t.is(secret, again);
  t.is((await stack.db('webhook_endpoints')).length, 1);
  t.context.endpoint.id = hiddenField(page.text, 'webhookId');
  t.context.secrets.push(secret);
  t.false((await admin.browser.get(pathOf(t.context))).text.includes(secret));
  const [line] = await stack.db('audit_log').where({ subject: t.context.endpoint.id });
  t.is(line.action, 'webhook.created');
  t.false(JSON.stringify(line).includes('SENT-QUERY'));
});

test.serial(
  'addresses that lead inside, or that the deployment does not list, are refused and nothing is stored',
  async (t) => {
    const { admin, stack } = t.context;
    const refused = {
      'http://host.example/': 'must start with https://',
      'https://host.example/': 'not among those allowed',
      'https://u:p@host.example/': 'no user name and no password',
      'https://169.254.169.254/latest': 'not among those allowed',
      'http://127.0.0.1:1/': 'must start with https://',
      'ftp://host.example/': 'must start with https://',
      '': 'fill this in',
    };
    for (const [url, words] of Object.entries(refused)) {
      const answer = await sendForm(admin.browser, list, `${list}/new`, { name: 'Bad', url });
      t.is(answer.status, 400, url);
      t.true(answer.text.includes(words), url);
    }
    t.is((await sendForm(admin.browser, list, `${list}/new`, { name: '', event0: undefined })).status, 400);
    t.is((await stack.db('webhook_endpoints')).length, 1);
  },
);

test.serial(
  'a whole registration is told in signed events, which hold ids and states and nothing personal',
  async (t) => {
    const { stack, receiver, secrets } = t.context;
    const { email } = await buildAccount(stack, buildEmail('sent-person'));
    const { reference } = await registrationOf(stack, email);
    const { id: userId } = await stack.db('users').where({ email }).first('id');
    const types = ['registration.started', 'registration.verified', 'registration.completed'];
    await eventually('its events', () => types.every((type) => receiver.of(type, reference).length === 1));
    await eventually('the user', () => receiver.of('user.created', userId).length === 1);
    for (const one of receiver.received) {
      t.notThrows(() => verify(secrets[0]!, one));
      t.regex(String(one.headers['webhook-id']), /^evt_[0-9a-f-]{36}$/);
      t.false(/sent-person|Acme|O'Brien/.test(one.body));
    }
    t.like(receiver.of('registration.completed', reference)[0]?.event.data, {
      userId,
      kind: 'customer',
      state: 'completed',
    });
    t.throws(() => verify('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', receiver.received[0]!));
  },
);

test.serial(
  'a receiver that fails, or is away, gets the event when it is back: the same id, no answer kept',
  async (t) => {
    const { stack, receiver, admin } = t.context;
    receiver.answer = { status: 503 };
    const { id: failed } = await buildUser(stack.db);
    t.like(await inState(t.context, failed, 'retrying'), { attempts: 1, status: 503, reason: 'refused' });
    t.true((await admin.browser.get(`${pathOf(t.context)}?state=retrying`)).text.includes('HTTP 503'));
    t.true((await admin.browser.get(list)).text.includes('Failing'));
    await receiver.stop();
    const { id: away } = await buildUser(stack.db);
    t.like(await inState(t.context, away, 'retrying'), { status: null, reason: 'unreachable' });
    receiver.answer = { status: 200 };
    await receiver.start();
    // The second try comes after five seconds; of the first receiver, which met both, it may be the third.
    t.like(await inState(t.context, away, 'delivered'), { attempts: 2, status: 200, reason: null });
    const ids = new Set(receiver.of('user.created', failed).map(({ headers }) => headers['webhook-id']));
    t.is(ids.size, 1);
    const dump = JSON.stringify(await stack.db('webhook_deliveries'));
    t.false(dump.includes('SENT-ANSWER'));
  },
);

test.serial('while a secret is being changed both sign; later the old one signs no more', async (t) => {
  const { stack, receiver, admin, secrets } = t.context;
  const page = await admin.browser.get(pathOf(t.context));
  const form = formOf(page.text, `${pathOf(t.context)}/secret`);
  const answers = await Promise.all([1, 2].map(() => admin.browser.post(`${pathOf(t.context)}/secret`, form, page)));
  const [first, second] = answers.map(({ text }) => secretIn(text)) as [string, string];
  t.is(first, second, 'a double click makes one new secret, and shows it');
  t.not(first, secrets[0]);
  const told = async () => {
    const { id } = await buildUser(stack.db);
    return eventually('the event', () => receiver.of('user.created', id)[0]);
  };
  const both = await told();
  t.is(String(both.headers['webhook-signature']).split(' ').length, 2);
  for (const secret of [secrets[0]!, first]) t.notThrows(() => verify(secret, both));
  await stack.db('webhook_endpoints').update({ old_secret_until: new Date() });
  const one = await told();
  t.notThrows(() => verify(first, one));
  t.throws(() => verify(secrets[0]!, one));
  secrets.push(first);
});

test.serial('events wait in their table while Temporal is away', async (t) => {
  const { stack, receiver } = t.context;
  await stack.stopTemporal();
  const { id } = await buildUser(stack.db);
  t.like(await deliveryOf(t.context, id), { state: 'waiting', attempts: 0 });
  await stack.startTemporal();
  await inState(t.context, id, 'delivered', 60_000);
  t.is(receiver.of('user.created', id).length, 1);
});

test.serial('a worker that dies before it can note a delivery sends it again, under the same id', async (t) => {
  const { stack, receiver } = t.context;
  const held = await holdAt(stack.db, { table: 'webhook_deliveries', at: 'update', when: "new.state = 'delivered'" });
  t.teardown(held.release);
  const { id } = await buildUser(stack.db);
  await held.reached();
  t.is(receiver.of('user.created', id).length, 1);
  await stack.worker.kill('SIGKILL');
  // What it had begun to write would still be written: PostgreSQL has not noticed yet.
  await stack.db.raw(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'vestibule-worker'",
  );
  await held.release();
  stack.worker = await stack.startWorker();
  await eventually('the event once more', () => receiver.of('user.created', id).length >= 2, 60_000);
  t.is(new Set(receiver.of('user.created', id).map(({ headers }) => headers['webhook-id'])).size, 1);
  await inState(t.context, id, 'delivered');
});

test.serial('a receiver that is gone is left alone, and gets what it missed once staff turn it on again', async (t) => {
  const { stack, receiver, admin, endpoint } = t.context;
  const { id } = endpoint;
  receiver.answer = { status: 410 };
  const { id: userId } = await buildUser(stack.db);
  t.like(await inState(t.context, userId, 'failed'), { status: 410, attempts: 1 });
  t.like(await stack.db('webhook_endpoints').where({ id }).first(), { disabled_reason: 'gone' });
  const count = receiver.received.length;
  const { id: unheard } = await buildUser(stack.db);
  t.is(await deliveryOf(t.context, unheard), undefined);
  const path = pathOf(t.context);
  t.false((await admin.browser.get(path)).text.includes(`${path}/ping`));
  t.is((await admin.browser.post(`${path}/ping`, {}, await admin.browser.get(path))).status, 409);
  receiver.answer = { status: 204 };
  t.is((await sendForm(admin.browser, path, `${path}/enable`)).status, 303);
  t.is(receiver.received.length, count);

  const page = await admin.browser.get(path);
  const form = formOf(page.text, `${path}/replay`);
  await Promise.all([1, 2].map(() => admin.browser.post(`${path}/replay`, form, page)));
  t.like(await inState(t.context, userId, 'delivered'), { attempts: 1, status: 204 });
  t.is(receiver.of('user.created', userId).length, 2, 'once before and once again, whatever was clicked');
  const [before, again] = receiver.of('user.created', userId);
  t.is(before?.headers['webhook-id'], again?.headers['webhook-id']);
  const delivery = await deliveryOf(t.context, userId);
  t.is((await sendForm(admin.browser, path, `${path}/deliveries/${delivery.id}/replay`)).status, 303);
  await eventually('a third time', () => receiver.of('user.created', userId).length === 3);
  t.is((await sendForm(admin.browser, path, `${path}/ping`)).status, 303);
  await eventually('the test event', () => receiver.of('webhook.ping', id).length === 1);
});

test.serial(
  'viewers see webhooks and change nothing, operators send again, and only what is off is deleted',
  async (t) => {
    const { stack, admin, endpoint } = t.context;
    const { id } = endpoint;
    const path = pathOf(t.context);
    const { browser: viewer } = await buildStaff(stack, 'viewer');
    const looked = await viewer.get(path);
    t.true(looked.text.includes('User created') && !looked.text.includes(`action="${path}`));
    const { browser: operator } = await buildStaff(stack, 'operator');
    t.false((await operator.get(path)).text.includes(`action="${path}/secret"`));
    t.is((await sendForm(operator, path, `${path}/ping`)).status, 303);
    const changed = await sendForm(admin.browser, path, path, { event0: undefined, name: 'Renamed' });
    t.is(changed.status, 303);
    const row = await stack.db('webhook_endpoints').where({ id }).first();
    t.is(row.name, 'Renamed');
    t.false(row.event_types.includes('registration.started'));
    const stale = { ...formOf((await admin.browser.get(path)).text, path), version: '1' };
    t.is((await admin.browser.post(path, stale, await admin.browser.get(path))).status, 409);
    t.is((await admin.browser.post(`${path}/delete`, {}, await admin.browser.get(path))).status, 409);
    t.is((await sendForm(admin.browser, path, `${path}/disable`)).status, 303);
    t.is((await sendForm(admin.browser, path, `${path}/delete`)).status, 303);
    t.is((await admin.browser.get(path)).status, 404);
    const actions = await stack.db('audit_log').where({ subject: id }).orderBy('id').pluck('action');
    t.deepEqual(
      [...new Set(actions)],
      [
        'webhook.created',
        'webhook.secretRotated',
        'webhook.enabled',
        'webhook.replayed',
        'webhook.tested',
        'webhook.changed',
        'webhook.disabled',
        'webhook.deleted',
      ],
    );
  },
);

test.serial('secrets and addresses are in no log, no Temporal history and no table in clear', async (t) => {
  const { stack, secrets } = t.context;
  t.is(secrets.length, 2);
  const texts = [await stack.logs()];
  for await (const workflow of stack.temporal.workflow.list({ query: 'WorkflowType = "webhookDelivery"' })) {
    t.true(workflow.workflowId.startsWith(serviceWorkflowId('webhookDelivery', '')));
    const history = await stack.temporal.workflow.getHandle(workflow.workflowId).fetchHistory();
    const payloads = history.events?.map((event) => JSON.stringify(event));
    texts.push(Buffer.from(JSON.stringify(payloads)).toString());
  }
  t.true(texts.length > 5);
  for (const { table_name: table } of await stack.db('information_schema.tables').where({ table_schema: 'public' }))
    texts.push(JSON.stringify((await stack.db.raw('select t::text as line from ?? t', [table])).rows));
  for (const secret of [...secrets, 'SENT-ANSWER', 'SENT-QUERY'])
    t.false(texts.join('\n').includes(secret), secret.slice(0, 10));
});
