/** The floor's worker process: options as the product's worker has them, activities that do nothing but say so. */
import '../db/small-heap.js';
import { activityInfo } from '@temporalio/activity';
import { DefaultLogger, type InjectedSinks, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { FloorActivities, FloorNews } from './floor-messages.js';
import type { FloorSinks } from './floor-workflow.js';

const { TEMPORAL_ADDRESS, TEMPORAL_TASK_QUEUE = '', WORKFLOW_BUNDLE = '' } = process.env;

Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: ['SIGINT', 'SIGTERM'] });

const tell = (event: FloorNews['event'], workflowId: string) => process.send?.({ event, workflowId });
const activities: FloorActivities = {
  sendMail: async () => void tell('mailed', activityInfo().workflowExecution?.workflowId ?? ''),
  createAccount: async () => {},
};
const sinks: InjectedSinks<FloorSinks> = {
  bench: { settled: { fn: ({ workflowId }) => void tell('settled', workflowId), callDuringReplay: false } },
};
const connection = await NativeConnection.connect({ address: TEMPORAL_ADDRESS });
const worker = await Worker.create({
  connection,
  taskQueue: TEMPORAL_TASK_QUEUE,
  workflowBundle: { codePath: WORKFLOW_BUNDLE },
  activities: { ...activities },
  sinks,
});
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
process.send?.({ ready: true });
await worker.run();
await connection.close();
