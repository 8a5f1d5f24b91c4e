import anyTest, { type TestFn } from 'ava';
import { Engine, ended } from './engine.js';
import { failing, join, linesWith } from './partners.js';
import { settle } from './records.js';

const test = anyTest as TestFn<{ engine: Engine }>;

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

/** A registration whose lookup is parked, and succeeds when it is tried again. */
async function park(engine: Engine) {
  let tries = 0;
  const opened = await engine.open({}, ({ records }) => ({
    resolvePartner: async () => ({ outcome: 'askProvider' }),
    lookUpPartner: (input) => (++tries === 1 ? failing() : settle(records, input, 'found')),
  }));
  await opened.rests('awaitingProof');
  await opened.update(join);
  await opened.quiet();
  return opened;
}

/** A batch of these references, some at a time, that remembers what was sent. */
function batchOf(references: string[], atOnce = 2) {
  const unsent = [...references];
  const sent: string[] = [];
  let failures = 0;
  return {
    sent,
    failNext: () => {
      failures = 1;
    },
    activities: {
      nextOfBatch: async () => ({ references: unsent.slice(0, atOnce) }),
      noteSent: async (input: { references: string[] }) => {
        if (failures-- > 0) throw new Error('the database is away');
        for (const reference of input.references) unsent.splice(unsent.indexOf(reference), 1);
        sent.push(...input.references);
      },
    },
  };
}

test.serial('a batch sends RETRY to every registration once, passes over what is gone, and ends', async (t) => {
  const { engine } = t.context;
  const parked = await Promise.all([1, 2, 3].map(() => park(engine)));
  const untouched = await engine.open();
  await untouched.rests('awaitingProof');
  const over = await engine.open();
  await over.rests('awaitingProof');
  await over.update({ type: 'CANCEL', actor: 'operator' });
  await over.result();
  const [first, ...others] = parked.map(({ reference }) => reference);
  const references = [first!, 'RG-GONE-0000', over.reference, ...others, untouched.reference];
  const batch = batchOf(references);

  const handle = await engine.serve('retryBatch', batch.activities);
  await ended(handle);
  t.deepEqual(batch.sent, references);
  for (const opened of parked) {
    t.deepEqual(await opened.result(), { state: 'completed' });
    t.is(linesWith(opened, ' RETRY '), 1);
    t.like(
      opened.recorded().find(({ event }) => event === 'RETRY'),
      { actor: 'operator' },
    );
  }
  t.is((await untouched.view()).state, 'awaitingProof', 'what takes no RETRY ignores it');
  t.is(untouched.records.lines.size, 1);
  await untouched.update({ type: 'CANCEL', actor: 'operator' });
});

test.serial('a batch that cannot note what it has sent notes it later, and sends nothing twice', async (t) => {
  const { engine } = t.context;
  const parked = await park(engine);
  const batch = batchOf([parked.reference]);
  batch.failNext();
  const handle = await engine.serve('retryBatch', batch.activities);
  t.deepEqual(await parked.result(), { state: 'completed' });
  await engine.sleep('5s');
  await ended(handle);
  t.deepEqual(batch.sent, [parked.reference]);
  const { events } = await handle.fetchHistory();
  const signals = events?.filter((event) => event.signalExternalWorkflowExecutionInitiatedEventAttributes);
  t.is(signals?.length, 1);
});

test.serial('an empty batch ends at once', async (t) => {
  const handle = await t.context.engine.serve('retryBatch', batchOf([]).activities);
  t.is(await ended(handle), undefined);
});

test.serial('a notice is mailed as soon as the mail server takes it', async (t) => {
  let tries = 0;
  const handle = await t.context.engine.serve('notice', {
    sendNotice: async () => {
      if (++tries < 3) throw new Error('the mail server is away');
    },
  });
  await t.context.engine.sleep('30s');
  await ended(handle);
  t.is(tries, 3);
});

test.serial('a provider is tested where registrations ask it, and once', async (t) => {
  const { engine } = t.context;
  const tested: string[] = [];
  const handle = await engine.serve(
    'providerTest',
    { testProvider: async ({ testId }) => void tested.push(testId) },
    'test-1',
  );
  await ended(handle);
  t.deepEqual(tested, ['test-1']);
  const { events } = await handle.fetchHistory();
  const queues = events?.flatMap((event) => event.activityTaskScheduledEventAttributes?.taskQueue?.name ?? []);
  t.deepEqual(queues, ['registrations-provider']);

  let tries = 0;
  const broken = await engine.serve('providerTest', {
    testProvider: async () => {
      tries++;
      throw new Error('away');
    },
  });
  await t.throwsAsync(ended(broken));
  t.is(tries, 1);
});
