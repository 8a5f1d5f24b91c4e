import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { leanNode } from '../dev/node-part.js';
import { startTemporal } from '../dev/temporal.js';
import {
  registrationAttentionAttribute,
  registrationKindAttribute,
  registrationStateAttribute,
} from '../workflows/messages.js';
import { type FloorInput, type FloorNews, floorWorkflowType, submitUpdate } from './floor-messages.js';
import type { Timings } from './load.js';
import type { Store } from './options.js';
import { withPid } from './processes.js';
import type { Subject } from './subject.js';

const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const taskQueue = 'floor';
const input: FloorInput = { lifetime: 72 * 3_600_000 };

/** Temporal and a worker that does nothing; the bench is its client, without HTTP or database in between. */
export async function startFloor(cli: string, store: Store): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-bench-floor-'));
  const bundle = join(folder, 'bundle.js');
  await writeFile(bundle, await bundleFloor());
  const databaseFile = store === 'file' ? join(folder, 'temporal.sqlite') : undefined;
  const temporal = await withPid(() => startTemporal({ cli, databaseFile }));
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const forkedAt = performance.now();
  const worker = fork(built('floor-worker.js'), {
    execArgv: leanNode.arguments,
    env: {
      ...leanNode.environment,
      PATH: process.env.PATH,
      NODE_OPTIONS: process.env.NODE_OPTIONS,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_TASK_QUEUE: taskQueue,
      WORKFLOW_BUNDLE: bundle,
    },
  });
  const ended = once(worker, 'exit');
  const [ready] = await Promise.race([once(worker, 'message'), ended]);
  if (typeof ready !== 'object') throw new Error(`the floor's worker ended with ${ready}`);
  const readyAfter = { worker: performance.now() - forkedAt };
  const news = new Newsroom();
  worker.on('message', (message) => news.publish(message as FloorNews));
  return {
    register: () => runOnce(client, news),
    pids: { worker: worker.pid ?? 0, Temporal: temporal.pid },
    temporal: client,
    readyAfter,
    stop: async () => {
      worker.kill('SIGTERM');
      await ended;
      await connection.close();
      await temporal.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Made as the product's is (dev/build.mjs). */
async function bundleFloor(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: built('floor-workflow.js'),
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({ ...config, mode: 'production', optimization: { minimize: false } }),
  });
  return code;
}

/** Hands the worker's news to whoever waits for them. */
class Newsroom {
  private readonly waiting = new Map<string, () => void>();

  publish({ event, workflowId }: FloorNews): void {
    this.waiting.get(`${event} ${workflowId}`)?.();
    this.waiting.delete(`${event} ${workflowId}`);
  }

  next(event: FloorNews['event'], workflowId: string): Promise<void> {
    return new Promise((resolve) => this.waiting.set(`${event} ${workflowId}`, resolve));
  }
}

/** One workflow; the submit comes when the one before has settled, as after a mail that a person first has to read. */
async function runOnce(client: Client, news: Newsroom): Promise<Timings> {
  const workflowId = `floor-${randomUUID()}`;
  const sentAt = performance.now();
  const mailed = news.next('mailed', workflowId).then(() => performance.now() - sentAt);
  const settled = news.next('settled', workflowId);
  await client.workflow.start(floorWorkflowType, {
    workflowId,
    taskQueue,
    args: [input],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    typedSearchAttributes: [
      { key: registrationStateAttribute, value: 'sendingActivation' },
      { key: registrationKindAttribute, value: 'customer' },
      { key: registrationAttentionAttribute, value: false },
    ],
  });
  const start = performance.now() - sentAt;
  const mail = await mailed;
  await settled;
  const submittedAt = performance.now();
  await client.workflow.getHandle(workflowId).executeUpdate(submitUpdate, { args: [], updateId: randomUUID() });
  const submit = performance.now() - submittedAt;
  return {
    start,
    update: submit,
    'sum of the steps waited for': start + submit,
    'mail activity, after the start was sent': mail,
  };
}
