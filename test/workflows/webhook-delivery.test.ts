import anyTest, { type TestFn } from 'ava';
import { type Activities, Engine, ended } from './engine.js';

const test = anyTest as TestFn<{ engine: Engine }>;

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

type Input = Parameters<Activities['deliverWebhook']>[0];
const [minute, hour] = [60, 3_600];
const schedule = [5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];

test.serial(
  'an event is tried ten times in three days, each time after the pause that the receiver or we chose',
  async (t) => {
    const { engine } = t.context;
    const tries: { input: Input; at: number }[] = [];
    const handle = await engine.serve('webhookDelivery', {
      deliverWebhook: async (input) => {
        tries.push({ input, at: await engine.env.currentTimeMs() });
        return { retryInSeconds: input.retryInSeconds && input.retryInSeconds + 1 };
      },
    });
    await engine.sleep('4 days');
    await ended(handle);
    t.deepEqual(
      tries.map(({ input }) => input.retryInSeconds),
      [...schedule, undefined],
    );
    const pauses = tries.slice(1).map(({ at }, index) => Math.round((at - tries[index]!.at) / 1_000));
    for (const [index, pause] of pauses.entries())
      t.true(Math.abs(pause - schedule[index]! - 1) <= 2, `${pause} s instead of ${schedule[index]} s`);
    const { events = [] } = await handle.fetchHistory();
    const queues = events?.flatMap((event) => event.activityTaskScheduledEventAttributes?.taskQueue?.name ?? []);
    t.deepEqual([...new Set(queues)], ['registrations-webhooks']);
  },
);

test.serial('what is taken at once is over at once; a database that is away is no try of the receiver', async (t) => {
  const { engine } = t.context;
  const given: (number | undefined)[] = [];
  const handle = await engine.serve('webhookDelivery', {
    deliverWebhook: async ({ retryInSeconds }) => {
      given.push(retryInSeconds);
      if (given.length === 1) throw new Error('the database is away');
      return {};
    },
  });
  await engine.sleep('10s');
  await ended(handle);
  t.deepEqual(given, [5, 5], 'the pauses begin when the receiver was asked');
});
