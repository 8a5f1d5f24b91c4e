/** Races (security.md §11): many callers at one moment, through two API processes. `LONG=1` repeats them often. */
import anyTest, { type TestFn } from 'ava';
import { choosePort } from '../../dev/ports.js';
import { registrationEventUpdate, registrationWorkflowId } from '../../workflows/messages.js';
import {
  askForLink,
  buildKnownLink,
  changeSettings,
  fillIn,
  fillInPage,
  inState,
  linksTo,
  mailsTo,
  registrationOf,
  says,
} from '../builders/journeys.js';
import { buildEmail } from '../builders/registrations.js';
import { type Answer, BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { inv } from '../helpers/invariants.js';
import { type Stack, startStack } from '../helpers/stack.js';

const test = anyTest as TestFn<{ stack: Stack; secondUrl: string }>;
const isLong = process.env.LONG === '1';
const repetitions = isLong ? 50 : 3;
const callers = 16;

test.before(async (t) => {
  t.context.stack = await startStack();
  const port = String(await choosePort(0));
  await t.context.stack.startApi({ PORT: port });
  t.context.secondUrl = `http://localhost:${port}`;
});
test.after.always((t) => t.context.stack?.stop());

const times = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, i) => make(i));

/** An answer that tells the person that the account is there, or just being made. */
const isSuccess = ({ status, location }: Answer) =>
  status === 303 && (location === '/login' || /^\/register\/[\w-]{43}\/processing$/.test(location ?? ''));
/** A page that says what became of the registration. */
const isFriendlyEnd = ({ status }: Answer) => status === 200 || status === 410;
const told = (answers: Answer[]) => answers.map(({ status, location }) => `${status} ${location}`).join(', ');

async function accountOf(stack: Stack, email: string) {
  await inState(stack, email, 'completed');
  const users = await stack.db('users').join('customers', 'customers.id', 'customer_id').where({ email });
  return { count: users.length, ...users[0] };
}

test.serial('sixteen submits of one form at once, through two API processes, make one account (C2, T5)', async (t) => {
  const { stack, secondUrl } = t.context;
  for (const _ of times(repetitions, () => 0)) {
    const email = buildEmail();
    const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
    const urls = times(callers, (i) => (i % 2 ? stack.url : secondUrl));
    const answers = await Promise.all(urls.map((url) => filled.send(new BrowserSession(url))));
    t.true(answers.every(isSuccess), told(answers));
    t.is((await accountOf(stack, email)).count, 1);
  }
  await inv(stack.db, stack.temporal);
});

test.serial(
  'of sixteen devices that submit different answers at once one wins whole and all are told (C3)',
  async (t) => {
    const { stack, secondUrl } = t.context;
    for (const _ of times(repetitions, () => 0)) {
      const email = buildEmail();
      const link = await buildKnownLink(stack, email);
      const devices = await Promise.all(
        times(callers, (i) =>
          fillIn(new BrowserSession(i % 2 ? stack.url : secondUrl), link, {
            companyName: `Company ${i}`,
            givenName: `Person ${i}`,
            companyCity: `City ${i}`,
          }),
        ),
      );
      const answers = await Promise.all(devices.map(({ send }) => send()));
      t.true(
        answers.every((answer) => isSuccess(answer) || isFriendlyEnd(answer)),
        told(answers),
      );
      const { count, name, given_name, city } = await accountOf(stack, email);
      t.is(count, 1);
      const winner = name.split(' ')[1];
      t.deepEqual({ given_name, city }, { given_name: `Person ${winner}`, city: `City ${winner}` });
    }
    await inv(stack.db, stack.temporal);
  },
);

test.serial(
  'sixteen starts and spellings of one e-mail at once make one registration and one mail (C1, C4)',
  async (t) => {
    const { stack, secondUrl } = t.context;
    for (const _ of times(repetitions, () => 0)) {
      const email = buildEmail();
      const spellings = [email, email.toUpperCase(), `  ${email} `, email.replace('example.com', 'EXAMPLE.com')];
      const answers = await Promise.all(
        times(callers, (i) => askForLink(stack, spellings[i % 4]!, i % 2 ? stack.url : secondUrl)),
      );
      t.true(
        answers.every(({ status, location }) => status === 303 && location === '/register/sent'),
        told(answers),
      );
      const [link] = await linksTo(stack, email);
      await inState(stack, email, 'awaitingProof');
      t.is((await stack.db('registrations').where({ email })).length, 1);
      t.true(isSuccess(await (await fillIn(new BrowserSession(stack.url), link!)).send()));
      t.is(mailsTo(stack, email).length, 1);
    }
    await t.throwsAsync(
      stack.db('users').insert({ ...(await stack.db('users').first()), id: undefined, registration_id: null }),
      { message: /users_email_unique/ },
    );
    await inv(stack.db, stack.temporal);
  },
);

test.serial('two companies of one name made at the same moment are two organisations (C6, D7)', async (t) => {
  const { stack } = t.context;
  const companyName = `Twin ${buildEmail()}`;
  const filled = await Promise.all(
    times(4, async () =>
      fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, buildEmail()), { companyName }),
    ),
  );
  const answers = await Promise.all(filled.map(({ send }) => send()));
  t.true(answers.every(isSuccess), told(answers));
  await eventually(
    'four customers',
    async () => (await stack.db('customers').where({ name: companyName })).length === 4,
  );
  await inv(stack.db, stack.temporal);
});

test.serial('of a cancellation and a submit at the same moment exactly one wins (C13)', async (t) => {
  const { stack } = t.context;
  for (const round of times(repetitions * 2, (i) => i)) {
    const email = buildEmail();
    const link = await buildKnownLink(stack, email);
    const person = await fillIn(new BrowserSession(stack.url), link);
    const { reference } = await inState(stack, email, 'awaitingProof');
    const other = new BrowserSession(stack.url);
    const cancelPage = await other.get(`${link}/cancel`);
    const byStaff = () =>
      stack.temporal.workflow
        .getHandle(registrationWorkflowId(reference))
        .executeUpdate(registrationEventUpdate, { args: [{ type: 'CANCEL', actor: 'operator' }] })
        .catch(() => 'refused');
    const byPerson = () => other.post(`${link}/cancel`, {}, cancelPage);
    const [submitted] = await Promise.all([person.send(), round % 2 ? byStaff() : byPerson()]);
    const row = await eventually('an end', async () => {
      const now = await registrationOf(stack, email);
      return now.ended_at && now;
    });
    const users = await stack.db('users').where({ email });
    t.is(users.length, row.state === 'completed' ? 1 : 0, `${row.state}, ${told([submitted])}`);
    t.true(row.state === 'completed' ? isSuccess(submitted) : isFriendlyEnd(submitted), told([submitted]));
    const later = await new BrowserSession(stack.url).get(link);
    t.is(later.status, row.state === 'completed' ? 200 : 410);
  }
  await inv(stack.db, stack.temporal);
});

test.serial('while onboarding is switched off and on quickly no account is made in an "off" (C10)', async (t) => {
  const { stack } = t.context;
  const people = await Promise.all(
    times(isLong ? 100 : 30, async () => {
      const email = buildEmail();
      const [browser, link] = [new BrowserSession(stack.url), await buildKnownLink(stack, email)];
      return { email, browser, link, filled: await fillIn(browser, link) };
    }),
  );
  // Looks at the switch when the account's transaction commits, which is what counts.
  await stack.db.raw(`
    create table made_while (email text, onboarding boolean);
    create function note_switch() returns trigger language plpgsql as $$
      begin insert into made_while select new.email, customer_onboarding from settings; return null; end $$;
    create constraint trigger note_switch after insert on users deferrable initially deferred
      for each row execute function note_switch()`);
  let toggling = true;
  const toggle = async () => {
    let toggles = 0;
    for (; toggling; toggles++)
      await stack.db('settings').update({ customer_onboarding: stack.db.raw('not customer_onboarding') });
    await stack.db('settings').update({ customer_onboarding: true });
    return toggles;
  };
  const toggled = toggle();
  const answers = await Promise.all(people.map(({ filled }) => filled.send()));
  toggling = false;
  t.log(`${await toggled} toggles; ${answers.filter(({ status }) => status === 409).length} told "closed"`);
  t.true(
    answers.every(
      (answer) => isSuccess(answer) || (answer.status === 409 && says(answer, 'problems.onboardingClosed')),
    ),
    told(answers),
  );
  await eventually(
    'all are settled',
    async () => !(await stack.db('registrations').where({ state: 'creatingAccount' }).first()),
  );
  t.is(await stack.db('made_while').where({ onboarding: false }).first(), undefined);

  // Who was told "closed" goes on with the page that said so.
  const again = await Promise.all(
    people.flatMap(({ browser, link }, i) =>
      answers[i]!.status === 409 ? [fillInPage(browser, link, answers[i]!).send()] : [],
    ),
  );
  t.true(again.every(isSuccess), told(again));
  for (const { email } of people) t.is((await accountOf(stack, email)).count, 1);
  await inv(stack.db, stack.temporal);
});

// Last and without the invariants: see the open defect at the end of worker-killed.test.ts.
test.serial('an expiry and a submit at the same moment have one outcome (C15)', async (t) => {
  const { stack } = t.context;
  const putBack = await changeSettings(stack, { registration_lifetime_seconds: 3, reminder_after_seconds: null });
  const people = await Promise.all(
    times(isLong ? 48 : 12, async () => {
      const email = buildEmail();
      const link = await buildKnownLink(stack, email);
      return { email, link, filled: await fillIn(new BrowserSession(stack.url), link) };
    }),
  );
  await putBack();
  const outcomes = await Promise.all(
    people.map(async ({ email, filled }, index) => {
      const { expires_at } = await registrationOf(stack, email);
      // Spread around the end of the lifetime, a few milliseconds apart.
      const aim = expires_at.getTime() - 120 + index * (isLong ? 5 : 20);
      await eventually('the end of the lifetime comes near', () => Date.now() >= aim - 60);
      const submitted = await filled.send();
      const row = await eventually('an end', async () => {
        const now = await registrationOf(stack, email);
        return now.ended_at && now;
      });
      const users = await stack.db('users').where({ email });
      return { state: row.state, users: users.length, submitted };
    }),
  );
  for (const { state, users, submitted } of outcomes) {
    t.true(['completed', 'expired'].includes(state));
    t.is(users, state === 'completed' ? 1 : 0);
    t.true(state === 'completed' ? isSuccess(submitted) : isFriendlyEnd(submitted), `${state}: ${told([submitted])}`);
  }
  t.log(outcomes.map(({ state }) => state).join(' '));
});
