import anyTest, { type TestFn } from 'ava';
import { translator } from '../../../api/i18n.js';
import { registrationStates } from '../../../api/registration-states.js';
import { effectOutcomes, registrationMachine } from '../../../machines/registration.js';
import { about } from '../../../machines/registration-words.js';
import { buildAccount, buildAnswers } from '../../builders/registrations.js';
import { buildUser } from '../../db/fixtures/rows.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { eventually } from '../../helpers/eventually.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff } from './fixtures.js';
import { act, auditOf, buildParked, buildUnapproved, buildWaiting, offers } from './registration-fixtures.js';

type Staff = Record<'viewer' | 'operator', BuiltStaff>;
const test = anyTest as TestFn<{ stack: Stack; staff: Staff }>;
const temporalUi = 'http://temporal.example:8233';

test.before(async (t) => {
  const stack = await startStack({ TEMPORAL_UI_URL: temporalUi });
  t.context.stack = stack;
  t.context.staff = { viewer: await buildStaff(stack, 'viewer'), operator: await buildStaff(stack, 'operator') };
});
test.after.always((t) => t.context.stack?.stop());

const hostile = '<img src=x onerror=alert(1)>"{{7*7}}';

test.serial('the list needs a login, and a viewer may read it', async (t) => {
  const { stack, staff } = t.context;
  const { path } = await buildWaiting(stack);
  for (const address of ['/console/registrations', path, `${path}/retry`])
    t.is((await new BrowserSession(stack.url).get(address)).location, '/console/login', address);
  t.is((await staff.viewer.browser.get('/console/registrations')).status, 200);
  t.is((await staff.viewer.browser.get(path)).status, 200);
});

test.serial('the list shows e-mails masked only, and each filter finds what it says (A15)', async (t) => {
  const { stack, staff } = t.context;
  const { email, reference, link } = await buildWaiting(stack);
  const name = `Gizmo ${reference}`;
  await new BrowserSession(stack.url).json('POST', `${link}/draft`, { answers: { companyName: name } });
  const masked = `${email[0]}***@example.com`;
  const finds = async (query: Record<string, string>) => {
    const { text, status } = await staff.viewer.browser.get(`/console/registrations?${new URLSearchParams(query)}`);
    t.is(status, 200, JSON.stringify(query));
    return text.includes(`>${reference}</a>`) && text.includes(masked);
  };
  const spoken = reference.replaceAll('-', ' ').toLowerCase();
  for (const query of [
    {},
    { email: email.toUpperCase() },
    { email: email.slice(0, 9) },
    { reference },
    { reference: spoken },
    { reference: spoken.slice(2) },
    { company: name.toUpperCase() },
    { kind: 'customer', state: 'open' },
    { state: 'awaitingDetails' },
    { stuck: '0' },
  ] as Record<string, string>[])
    t.true(await finds(query), JSON.stringify(query));
  for (const query of [{ kind: 'partner' }, { state: 'ended' }, { stuck: '2' }, { company: 'Gizmos' }, { email: '%' }])
    t.false(await finds(query as unknown as Record<string, string>), JSON.stringify(query));
  const { text } = await staff.operator.browser.get('/console/registrations');
  t.false(text.includes(email));
});

test.serial('a filter that is not understood is told at its field and shows nothing', async (t) => {
  const { staff } = t.context;
  await buildWaiting(t.context.stack);
  for (const [name, value] of [
    ['kind', 'robot'],
    ['state', 'nowhere'],
    ['stuck', '-1'],
    ['stuck', '1e9'],
    ['email', 'a\u0000b'],
    ['company', 'x'.repeat(201)],
  ] as const) {
    const page = await staff.operator.browser.get(`/console/registrations?${new URLSearchParams({ [name]: value })}`);
    t.is(page.status, 400, `${name} ${value}`);
    t.regex(page.text, new RegExp(`id="${name}-error">[^<]{10,}<`));
    t.false(page.text.includes('name="scope"'));
  }
});

test.serial('counts per state stand on top and lead to the list of what they count', async (t) => {
  const { stack, staff } = t.context;
  await buildParked(stack);
  const { text } = await staff.viewer.browser.get('/console/registrations');
  const parked = await stack.db('registrations').where({ state: 'lookupParked' });
  t.regex(
    text,
    new RegExp(`href="/console/registrations\\?state=lookupParked">[^<]+<strong>${parked.length}</strong>`),
  );
  t.regex(text, /href="\/console\/registrations\?state=attention">/);
});

test.serial('the list is read page by page in both directions', async (t) => {
  const { stack, staff } = t.context;
  await stack.db.raw(`
    insert into registrations (reference, kind, email, language, state, created_at, expires_at, ended_at, draft)
    select 'RG-PAGE-' || lpad(n::text, 4, '0'), 'partner', 'page' || n || '@pages.example', 'en', 'expired',
      now() - n * interval '1 hour', now(), now(), '{}' from generate_series(1, 120) n`);
  const query = 'email=page&kind=partner';
  const { browser } = staff.viewer;
  const seen: string[][] = [];
  let address: string | undefined = `/console/registrations?${query}`;
  const link = (text: string, name: string) =>
    new RegExp(`href="([^"]*${name}=[^"]*)"`).exec(text)?.[1]?.replaceAll('&amp;', '&');
  let text = '';
  while (address) {
    text = (await browser.get(address)).text;
    seen.push([...text.matchAll(/>(RG-PAGE-\d{4})</g)].map(([, reference]) => reference ?? ''));
    address = link(text, 'older');
  }
  t.deepEqual(
    seen.map((rows) => rows.length),
    [50, 50, 20],
  );
  t.is(new Set(seen.flat()).size, 120);
  t.is(seen[0]?.[0], 'RG-PAGE-0001');
  t.true((await browser.get(link(text, 'newer') ?? '')).text.includes('RG-PAGE-0051'));
});

test.serial('personal data is masked for everybody, and revealing it is written down (A15, D7)', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  const answers = { ...buildAnswers(), companyName: hostile };
  await new BrowserSession(stack.url).json('POST', `${registration.link}/draft`, { answers });
  const personal = [registration.email, 'O&#39;Brien', "O'Brien", 'Rosenweg', '123456', '&lt;img'];
  for (const { browser } of Object.values(staff)) {
    const { text } = await browser.get(registration.path);
    for (const words of personal) t.false(text.includes(words), words);
    t.true(text.includes('***@example.com'));
  }
  t.false((await staff.viewer.browser.get(registration.path)).text.includes('/reveal"'));
  const page = await staff.viewer.browser.get(registration.path);
  t.is((await staff.viewer.browser.post(`${registration.path}/reveal`, {}, page)).status, 403);
  t.is((await auditOf(stack, registration.reference)).length, 0);

  const { browser, id } = staff.operator;
  const shown = await browser.post(`${registration.path}/reveal`, {}, await browser.get(registration.path));
  t.is(shown.status, 200);
  t.true(shown.text.includes(registration.email));
  t.true(
    shown.text.includes('&lt;img src=x onerror=alert(1)>') || shown.text.includes('&lt;img src=x onerror=alert(1)&gt;'),
  );
  t.false(shown.text.includes('<img'));
  const lines = await auditOf(stack, registration.reference);
  t.like(lines, [{ action: 'registration.revealed', staff_id: id, subject_type: 'registration' }]);
  t.false(JSON.stringify(lines).includes(registration.email));
  t.is((await browser.get(`${registration.path}/reveal`)).location, registration.path);
});

test.serial('the page tells where it stands, what it waits for and what can be done, in both languages', async (t) => {
  const { stack, staff } = t.context;
  const { path, reference } = await buildWaiting(stack);
  for (const language of ['en', 'de'] as const) {
    const words = translator(language);
    const headers = { 'accept-language': language };
    const { text } = await staff.viewer.browser.get(path, headers);
    for (const key of ['states.awaitingProof', 'registrations.waitsFor.awaitingProof', 'registrations.actions.viewer'])
      t.true(text.includes(words(key)), `${language} ${key}`);
    t.true(text.includes(words('registrations.deadlines.reminderOrExpiry')));
  }
  const { text } = await staff.viewer.browser.get(path);
  t.true(text.includes(`href="${temporalUi}/namespaces/default/workflows/registration-${reference}"`));
});

test.serial('the diagram lights the current state and has no style of its own', async (t) => {
  const { stack, staff } = t.context;
  const { path } = await buildWaiting(stack);
  const { text } = await staff.viewer.browser.get(path);
  const svg = /<svg class="machine"[\s\S]*?<\/svg>/.exec(text)?.[0] ?? '';
  t.regex(svg, /role="img" aria-label="[^"]+"/);
  t.deepEqual(
    [...svg.matchAll(/class="node (\w+) current /g)].map(([, state]) => state),
    ['awaitingProof'],
  );
  for (const { name } of registrationStates) t.regex(svg, new RegExp(`class="node ${name} `));
  t.false(/ style=|<style|fill="|stroke="/.test(svg));
});

test.serial('the timeline has steps, mails, lookups and what staff did, in one order', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildParked(stack);
  await act(staff.operator.browser, registration, 'retry', { reason: hostile });
  const lookups = () => stack.db('lookups').where({ registration_id: registration.id });
  await eventually('a second lookup', async () => (await lookups()).length === 2);
  const { text } = await staff.viewer.browser.get(registration.path);
  const kinds = [...text.matchAll(/class="timeline-(\w+)"/g)].map(([, kind]) => kind);
  for (const kind of ['step', 'mail', 'lookup', 'audit']) t.true(kinds.includes(kind), kind);
  t.is(kinds[0], 'step');
  t.true(text.includes(staff.operator.email));
  t.true(text.includes('&lt;img src=x'));
  t.false(text.includes('<img'));
  const times = [...text.matchAll(/timeline-at"><time dateTime="([^"]+)"/gi)].map(([, at]) => Date.parse(at ?? ''));
  t.true(times.length > 6);
  t.deepEqual(
    times,
    [...times].sort((one, other) => one - other),
  );
});

test.serial('the timeline tells staff what became of a wish to join a company (D7)', async (t) => {
  const { stack, staff } = t.context;
  const [reached, unknown] = [await buildWaiting(stack), await buildWaiting(stack)];
  const { id: administrator_id } = await buildUser(stack.db);
  const ago = (minutes: number) => stack.db.raw('now() - make_interval(mins => ?)', [minutes]);
  const wish = { name: 'Ann Asks', created_at: ago(9), asked_at: ago(8), reminded_at: ago(5), expires_at: ago(-9) };
  const over = { outcome: 'declined', ended_at: ago(2) };
  await stack.db('join_requests').insert([
    { registration_id: reached.id, administrator_id, ...wish, ...over },
    { registration_id: unknown.id, administrator_id: null, ...wish, ended_at: null, outcome: null },
  ]);
  const of = async ({ path }: { path: string }) => {
    const { text } = await staff.viewer.browser.get(path);
    t.false(text.includes('Ann Asks'));
    return [...text.matchAll(/<li class="timeline-join">.*?<strong>(.*?)</gs)].map(([, title]) => title);
  };
  const [asked, nobody, reminded, declined] = ['asked', 'nobodyThere', 'reminded', 'declined'].map((what) =>
    translator('en')(`registrations.join.${what}`),
  );
  const wished = translator('en')('registrations.join.wished');
  t.deepEqual(await of(reached), [wished, asked, reminded, declined]);
  t.deepEqual(await of(unknown), [wished, nobody]);
});

test.serial('a customer of the same name is flagged as a possible duplicate, for staff only (D7)', async (t) => {
  const { stack, staff } = t.context;
  const companyName = `Twin ${Date.now()} AG`;
  const { email } = await buildAccount(stack, undefined, { companyName });
  const first = await stack.db('registrations').where({ email }).first('reference');
  // A colleague who came later makes no second company of it.
  const { customer_id } = await stack.db('users').where({ email }).first('customer_id');
  const other = await buildAccount(stack);
  await stack.db('users').where({ email: other.email }).update({ customer_id });
  const second = await buildUnapproved(stack, { companyName: companyName.toUpperCase() });
  const { text } = await staff.viewer.browser.get(second.path);
  t.true(text.includes(translator('en')('registrations.duplicates.title', { count: 1 })));
  t.true(text.includes(`href="/console/registrations/${first.reference}"`));
  const own = await staff.viewer.browser.get(`/console/registrations/${first.reference}`);
  t.false(own.text.includes('Possible duplicate'));
});

test.serial('what is no reference, or nobody’s, is not found', async (t) => {
  const { browser } = t.context.staff.operator;
  for (const reference of ['RG-0000-0000', 'x', "RG-0000-0000'--", '%00', 'RG-0000-000%00'])
    t.is((await browser.get(`/console/registrations/${reference}`)).status, 404, reference);
});

test.serial(
  'while the engine does not answer, the last recorded state is shown and nothing is offered (W6)',
  async (t) => {
    const { stack, staff } = t.context;
    const { path } = await buildWaiting(stack);
    await stack.worker.kill('SIGKILL');
    const page = await staff.operator.browser.get(path);
    const worker = await stack.startWorker();
    stack.worker = worker;
    t.is(page.status, 200);
    const words = translator('en');
    for (const key of ['registrations.detail.noEngine', 'states.awaitingProof', 'registrations.detail.tryAgain'])
      t.true(page.text.includes(words(key)), key);
    for (const action of ['resend', 'cancel', 'extend']) t.false(offers(page, action), action);
  },
);

test('every state, event, deadline and problem of the machine has words in both languages', (t) => {
  const events = Object.values(registrationMachine.events)
    .map(String)
    .filter((event) => !event.startsWith('xstate.'));
  const effects = Object.entries(effectOutcomes).flatMap(([effect, outcomes]) =>
    [...outcomes, 'failed'].map((outcome) => `events.${effect}.${outcome}`),
  );
  const delays = Object.keys(registrationMachine.implementations.delays);
  const keys = [
    ...[...events, 'STARTED', 'WORKFLOW_ENDED'].map((event) => `events.${event}`),
    ...effects,
    ...delays.flatMap((delay) => [`events.after.${delay}`, `deadlines.${delay}`]),
    ...Object.keys(about).flatMap((state) => [`waitsFor.${state}`, `advice.${state}`]),
  ];
  t.true(keys.length > 60);
  for (const language of ['en', 'de'] as const)
    for (const key of keys) {
      const full = `registrations.${key}`;
      t.not(translator(language)(full), full, language);
    }
});
