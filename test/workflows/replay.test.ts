import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import test from 'ava';
import { historyFiles } from '../histories/ways-out.js';
import { quieten, workflowBundle } from './engine.js';

/** Compiled tests find the histories beside them; the build copies what is no script. */
const folder = fileURLToPath(new URL('../histories/', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const read = (file: string): unknown => JSON.parse(readFileSync(folder + file, 'utf8'));

test.before(() => quieten());

test('every way out of every released version has its history', (t) => {
  t.deepEqual(files.sort(), [...historyFiles].sort());
});

test('the workflows as they are now replay every history', async (t) => {
  const histories = files.map((file) => ({ workflowId: file, history: historyFromJSON(read(file)) }));
  const replayed: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    t.is(error, undefined, workflowId);
    replayed.push(workflowId);
  }
  t.deepEqual(replayed.sort(), files.sort());
});

test('a history of another workflow is told from one of this', async (t) => {
  const text = JSON.stringify(read('registration-completed-v1.json'));
  const altered = text.replaceAll('"name":"sendActivationMail"', '"name":"sendWelcomeMail"');
  t.not(altered, text);
  await t.throwsAsync(Worker.runReplayHistory({ workflowBundle }, JSON.parse(altered), 'altered'), {
    instanceOf: DeterminismViolationError,
  });
});

test('a history from which a timer is missing is told too', async (t) => {
  const history = read('registration-expired-v1.json') as { events: { eventType: string }[] };
  const events = history.events.filter(({ eventType }) => eventType !== 'EVENT_TYPE_TIMER_STARTED');
  t.is(events.length, history.events.length - 1);
  await t.throwsAsync(Worker.runReplayHistory({ workflowBundle }, { events }, 'altered'));
});

test('the histories name no person, no machine and no folder', (t) => {
  for (const file of files) {
    const text = readFileSync(folder + file, 'utf8');
    const decoded = [...text.matchAll(/"data":"([^"]*)"/g)].map(([, data]) => Buffer.from(data!, 'base64').toString());
    const identities = [...text.matchAll(/"identity":"([^"]*)"/g)].map(([, identity]) => identity);
    t.deepEqual(
      [...new Set(identities)].filter((identity) => identity !== 'recorder' && identity !== ''),
      [],
      file,
    );
    const found = /.{20}(\/(home|work|root|tmp|Users)\/|\w@\w+\.[a-z]{2,})/.exec(text + decoded.join());
    t.is(found?.[0], undefined, file);
  }
});
