/** The workflow that sees a request to join through. */
import anyTest, { type TestFn } from 'ava';
import { day } from '../machines/paths.js';
import { Engine, ended } from './engine.js';

const test = anyTest as TestFn<{ engine: Engine }>;

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

test.serial('the administrator is asked, reminded after two days, and after four the person is told', async (t) => {
  const { env } = t.context.engine;
  const started = await env.currentTimeMs();
  const steps = [
    { noticeId: 'asked', waitFor: 2 * day },
    { noticeId: 'reminded', waitFor: 2 * day },
    { noticeId: 'told' },
  ];
  const mailed: [string, number][] = [];
  const id = 'request-1';
  const activities = {
    advanceJoinRequest: async () => steps.shift() ?? {},
    sendNotice: async ({ noticeId }: { noticeId: string }) => {
      mailed.push([noticeId, Math.round(((await env.currentTimeMs()) - started) / day)]);
    },
  };
  for (const { noticeId } of steps) t.context.engine.know(noticeId, activities);
  const workflow = await t.context.engine.serve('joinRequest', activities, id);
  await ended(env.client.workflow.getHandle(workflow.workflowId));
  t.deepEqual(mailed, [
    ['asked', 0],
    ['reminded', 2],
    ['told', 4],
  ]);
});

test.serial('what was decided meanwhile ends it at its next look, without a word', async (t) => {
  const steps = [{ waitFor: 2 * day }, {}];
  const activities = { advanceJoinRequest: async () => steps.shift() ?? {} };
  const workflow = await t.context.engine.serve('joinRequest', activities, 'request-2');
  await ended(t.context.engine.env.client.workflow.getHandle(workflow.workflowId));
  t.deepEqual(steps, []);
});
