/** The API process: pages and JSON API, until told to stop. */
import '../db/small-heap.js';
import { createServer } from 'node:http';
import { Client, Connection } from '@temporalio/client';
import { openDatabase } from '../db/connection.js';
import { needsTls, temporalConnection } from '../db/environment.js';
import { createLog } from '../db/log.js';
import { createApp } from './app.js';
import { Engine } from './engine.js';
import { readEnvironment } from './environment.js';
import { RateLimits } from './rate-limits.js';
import { startReconciler } from './reconciler.js';
import { SignIn } from './sign-in/sign-in.js';
import { startWebhookDispatcher } from './webhook-dispatcher.js';

/** Milliseconds (security.md H6): slow senders are cut off, and requests under way at a stop may finish. */
const headersTimeout = 10_000;
const requestTimeout = 30_000;
const keepAliveTimeout = 5_000;
/** How often slow senders are looked for. Node's own half a minute would let them stay for four times as long. */
const connectionsCheckingInterval = 2_000;
/** More at once are not answered: each takes memory, and a file descriptor, of which there are few. */
const mostConnections = 5_000;
const shutdownGrace = 20_000;
/** Longest pause between two tries to reach Temporal: well below the time in which it has to accept something. */
const reconnectWithin = 500;

const env = readEnvironment(process.env);
const log = createLog('api', env.LOG_LEVEL);
const db = openDatabase({
  url: env.DATABASE_URL,
  tls: needsTls(env.DATABASE_TLS, env.VESTIBULE_MODE),
  applicationName: 'vestibule-api',
});
// Lazily: pages that need no engine, and the acceptance of registrations, go on while Temporal is away.
const connection = Connection.lazy({
  ...temporalConnection(env),
  // gRPC's own pause grows to two minutes, in which everything would be refused although Temporal is back.
  channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': reconnectWithin },
});
const client = new Client({ connection, namespace: env.TEMPORAL_NAMESPACE });
const engine = new Engine({ client, taskQueue: env.TEMPORAL_TASK_QUEUE, publicUrl: env.PUBLIC_URL });
const limits = new RateLimits(db, env.LIMITS, env.SECRET_KEYS, log);
const services = { db, engine, log, keys: env.SECRET_KEYS, limits };
const secure = new URL(env.PUBLIC_URL).protocol === 'https:';
const app = createApp({
  services,
  signIn: new SignIn({ db, keys: env.SECRET_KEYS, log, publicUrl: env.PUBLIC_URL, secure }),
  client,
  publicUrl: env.PUBLIC_URL,
  secure,
  isDevelopment: env.VESTIBULE_MODE === 'development',
  providerOrigins: env.PROVIDER_ALLOWED_ORIGINS,
  webhookOrigins: env.WEBHOOK_ALLOWED_ORIGINS,
  inboxUrl: env.INBOX_URL,
  temporalUiUrl: env.TEMPORAL_UI_URL,
  trustedProxies: env.TRUSTED_PROXIES,
});
const timeouts = { headersTimeout, requestTimeout, keepAliveTimeout, connectionsCheckingInterval };
const server = createServer(timeouts, app.callback());
server.maxConnections = mostConnections;
const stopReconciler = startReconciler(services);
const stopDispatcher = startWebhookDispatcher(services);
server.listen(env.PORT, env.HOST, () => {
  process.send?.({ ready: true });
  log.info({ address: server.address() }, 'api ready');
});

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
// A process whose launcher is gone would go on unseen.
process.once('disconnect', () => void stop());

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), shutdownGrace).unref();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
  await Promise.all([stopReconciler(), stopDispatcher()]);
  await Promise.all([connection.close(), db.destroy()]);
  process.exit(0);
}
