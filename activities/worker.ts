/** The worker process: runs the registration workflows and their activities until told to stop. */
import '../db/small-heap.js';
import { fileURLToPath } from 'node:url';
import { type LogEntry, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { openDatabase } from '../db/connection.js';
import { needsTls, temporalConnection } from '../db/environment.js';
import { createLog } from '../db/log.js';
import { createActivities } from './activities.js';
import { readEnvironment } from './environment.js';
import { failWithCodes } from './failure-codes.js';
import { createMailer } from './mailer.js';
import { ensureSearchAttributes } from './search-attributes.js';

const workflowBundle = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
/** How long running activities may go on after a signal to stop. */
const shutdownGrace = '20s';
/**
 * Workflows kept ready, about a quarter of a megabyte each: those under way. One that waits for a person for hours is
 * read from its short history again.
 */
const cachedWorkflows = 250;
/** As many as ask the Partner Provider at the same time. */
const lookupsAtOnce = 20;
/** As many receivers of webhooks as are called at the same time; each may take fifteen seconds. */
const webhooksAtOnce = 50;
/** As `workflows/queues.ts` has them. */
const providerQueue = (taskQueue: string) => `${taskQueue}-provider`;
const webhookQueue = (taskQueue: string) => `${taskQueue}-webhooks`;

const env = readEnvironment(process.env);
const log = createLog('worker', env.LOG_LEVEL);
Runtime.install({
  logger: {
    log: (level, message, meta) => log[pinoLevel(level)]({ ...meta }, message),
    trace: (message, meta) => log.trace({ ...meta }, message),
    debug: (message, meta) => log.debug({ ...meta }, message),
    info: (message, meta) => log.info({ ...meta }, message),
    warn: (message, meta) => log.warn({ ...meta }, message),
    error: (message, meta) => log.error({ ...meta }, message),
  },
  shutdownSignals: ['SIGINT', 'SIGTERM'],
});

const db = openDatabase({
  url: env.DATABASE_URL,
  tls: needsTls(env.DATABASE_TLS, env.VESTIBULE_MODE),
  applicationName: 'vestibule-worker',
});
const mailer = createMailer({
  smtpUrl: env.SMTP_URL,
  from: env.MAIL_FROM,
  tls: needsTls(env.SMTP_TLS, env.VESTIBULE_MODE) ? 'required' : 'off',
  log,
});
const connection = await NativeConnection.connect(temporalConnection(env));
await ensureSearchAttributes(connection, env.TEMPORAL_NAMESPACE);
const shared = {
  connection,
  namespace: env.TEMPORAL_NAMESPACE,
  activities: createActivities({
    db,
    mailer,
    keys: env.SECRET_KEYS,
    publicUrl: env.PUBLIC_URL,
    providerOrigins: env.PROVIDER_ALLOWED_ORIGINS,
    webhookOrigins: env.WEBHOOK_ALLOWED_ORIGINS,
  }),
  interceptors: {
    activity: [() => ({ inbound: failWithCodes((error) => log.error({ err: error }, 'activity failed')) })],
  },
  shutdownGraceTime: shutdownGrace,
};
const workers = await Promise.all([
  Worker.create({
    ...shared,
    taskQueue: env.TEMPORAL_TASK_QUEUE,
    workflowBundle: { codePath: workflowBundle },
    maxCachedWorkflows: cachedWorkflows,
  }),
  // Apart, so that a provider that hangs takes no place from mails and accounts (security.md F9).
  Worker.create({
    ...shared,
    taskQueue: providerQueue(env.TEMPORAL_TASK_QUEUE),
    maxConcurrentActivityTaskExecutions: lookupsAtOnce,
  }),
  // Likewise: receivers are not ours.
  Worker.create({
    ...shared,
    taskQueue: webhookQueue(env.TEMPORAL_TASK_QUEUE),
    maxConcurrentActivityTaskExecutions: webhooksAtOnce,
  }),
]);
// A worker whose launcher is gone would go on unseen.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
process.send?.({ ready: true });
log.info('worker ready');
try {
  await Promise.all(workers.map((worker) => worker.run()));
} finally {
  mailer.close();
  await Promise.all([connection.close(), db.destroy()]);
}

function pinoLevel(level: LogEntry['level']) {
  return level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
}
