import { Engine } from '../api/engine.js';
import { defaultLimits, type Limits, RateLimits } from '../api/rate-limits.js';
import { reconcile } from '../api/reconciler.js';
import type { Services } from '../api/registrations.js';
import { createLog } from '../db/log.js';
import { SecretKeys } from '../db/secret-keys.js';
import type { Deployment } from './product.js';

/** One round of the reconciler. */
interface Round {
  milliseconds: number;
  statements: number;
  /** The most that one statement has read or changed. */
  mostRows: number;
}

/** By what there was to do. */
export type JobFigures = Record<string, Round>;

/** Of those open: as after an outage of the engine, and as after a wave of registrations that nobody went on with. */
const leftOver = 0.01;
const ended = 0.1;
/** Statements of a round that found another process at it: begin, the lock, commit. */
const idleStatements = 3;
const mostTries = 100;

/**
 * Rounds of the API's reconciler, run in the bench so that its statements can be counted: with nothing to do, and at the
 * last step, whose registrations go with the bench, with work that is made by SQL.
 */
export async function measureJobs(
  deployment: Deployment,
  { isLast, fail }: { isLast: boolean; fail(what: string, error: unknown): void },
): Promise<JobFigures> {
  const { db } = deployment;
  const figures: JobFigures = {};
  const measure = async (what: string) => {
    const round = await measureRound(servicesOf(deployment)).catch((error) => fail(`job: ${what}`, error));
    if (round) figures[what] = round;
  };
  await measure('nothing to do');
  if (!isLast) return figures;
  const some = 'id in (select id from registrations where ended_at is null order by created_at limit :count)';
  const { rows } = await db.raw('select count(*) from registrations where ended_at is null');
  const of = (share: number) => ({ count: Math.round(Number(rows[0].count) * share) });
  await db.raw(`update registrations set link_requested_at = now() - interval '1 hour' where ${some}`, of(leftOver));
  await measure(`${of(leftOver).count} mails to ask for again`);
  await db.raw(
    `update registrations set state = 'cancelled', ended_at = now() - interval '13 hours', link_requested_at = null
      where ${some}`,
    of(ended),
  );
  await measure(`${of(ended).count} registrations to erase`);
  return figures;
}

function servicesOf({ db, temporal, secretKeys, url }: Deployment): Services {
  const keys = SecretKeys.parse(secretKeys);
  const unlimited = Object.fromEntries(Object.keys(defaultLimits).map((name) => [name, 1_000_000_000])) as Limits;
  const engine = new Engine({ client: temporal, taskQueue: 'registration', publicUrl: url });
  return { db, engine, keys, log: createLog('bench', 'error'), limits: new RateLimits(db, unlimited, keys) };
}

async function measureRound(services: Services): Promise<Round> {
  const { db } = services;
  let round: Round = { milliseconds: 0, statements: 0, mostRows: 0 };
  const onResponse = (_: unknown, { response }: { response?: { rowCount?: number } }) => {
    round.statements += 1;
    round.mostRows = Math.max(round.mostRows, response?.rowCount ?? 0);
  };
  db.on('query-response', onResponse);
  try {
    // The API's own round, once a minute, may be under way.
    for (let tries = 0; tries < mostTries; tries++) {
      round = { milliseconds: 0, statements: 0, mostRows: 0 };
      const from = performance.now();
      await reconcile(services);
      round.milliseconds = performance.now() - from;
      if (round.statements > idleStatements) return round;
    }
  } finally {
    db.off('query-response', onResponse);
  }
  throw new Error('another process was always at it');
}
