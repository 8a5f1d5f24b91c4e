import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { eraseInvitations, heldInvitations, registrationsOfEndedInvitations } from '../db/accept-invitation.js';
import { eraseDisplayedApiKeys } from '../db/api-keys.js';
import { unfinishedBatches } from '../db/batches.js';
import { eraseDisplays } from '../db/code-displays.js';
import { mayStandStill } from '../db/connection.js';
import { eraseExpired, expired } from '../db/expired.js';
import { openFor } from '../db/invitations.js';
import { eraseJoinRequests, unaskedRequests } from '../db/join-requests.js';
import type { Registration, Settings } from '../db/models.js';
import { eraseFarewells, waitingNotices } from '../db/notices.js';
import { eraseShownFactors } from '../db/recovery-codes.js';
import {
  type AwaitingEngine,
  endedBetween,
  endWithoutWorkflow,
  eraseEnded,
  loadSettings,
  openRegistration,
  registrationsAwaitingEngine,
} from '../db/registrations.js';
import { eraseExpiredRecords } from '../db/sign-in-records.js';
import { rotateSigningKeys } from '../db/signing-keys.js';
import { eraseEvents } from '../db/webhook-deliveries.js';
import { eraseOldSecrets } from '../db/webhooks.js';
import type { Services } from './registrations.js';
import { expiredSessions } from './sessions.js';

/** Milliseconds between two rounds. */
const every = 60_000;
/** A start that is being handed over right now is not yet lost. */
const graceSeconds = 30;
/** Personal data of unfinished registrations stays this long after the end (security.md R1: at most 24 h). */
const eraseAfterSeconds = 12 * 3_600;
/** A last mail to somebody who is erased is tried for a day; after that its address is erased, too (security.md R2). */
const farewellSeconds = 48 * 3_600;
const batch = 100;
/** Milliseconds: shorter than a process that stops waits for its round. */
const handOverWithin = 10_000;
/** Milliseconds; longer than a round is late when the engine or this process was away for a while. */
const lookBack = 24 * 3_600_000;
/** Milliseconds: of ends that the workflow did not hear of there are few, and its next timer tells it of older ones. */
const lookBackAtStart = 600_000;
/** Milliseconds, for Temporal's clock is another one. */
const margin = 60_000;
/** Any number that no other program uses as an advisory lock in this database. */
const reconcilerLock = 7_310_247;

/**
 * At start and every minute: hands registrations to the engine that were accepted while it was away, erases what has
 * ended, ends what was ended in Temporal by hand and what has ended without Temporal's knowledge, clears old limits and
 * codes that were shown. Of several API processes one does it at a time.
 * Returns the function that stops it.
 */
export function startReconciler(services: Services): () => Promise<void> {
  let since: Date | undefined;
  const goOn = async () => {
    since = await reconcile(services, graceSeconds, since);
  };
  let round = goOn().catch(report);
  const timer = setInterval(() => {
    round = round.then(goOn).catch(report);
  }, every);
  function report(error: unknown) {
    services.log.error({ err: error }, 'the reconciler failed; it tries again in a minute');
  }
  return async () => {
    clearInterval(timer);
    await round;
  };
}

/**
 * One round; does nothing while another process is at it. Resolves with the moment, by PostgreSQL's clock, up to which it
 * has looked at what has ended: from there the next round goes on.
 */
export function reconcile(
  services: Services,
  olderThanSeconds = graceSeconds,
  since?: Date,
): Promise<Date | undefined> {
  return services.db.transaction(async (lock) => {
    await mayStandStill(lock);
    const { rows } = await lock.raw<{ rows: { taken: boolean; until: Date }[] }>(
      'select pg_try_advisory_xact_lock(?) as taken, now() - make_interval(secs => ?) as until',
      [reconcilerLock, olderThanSeconds],
    );
    const { taken, until } = rows[0]!;
    if (!taken) return since;
    while ((await eraseEnded(services.db, eraseAfterSeconds, batch)) === batch);
    for (const rows of [...expired, ...expiredSessions])
      while ((await eraseExpired(services.db, rows, batch)) === batch);
    while ((await eraseFarewells(services.db, farewellSeconds, batch)) === batch);
    while ((await eraseInvitations(services.db, eraseAfterSeconds, batch)) === batch);
    while ((await eraseJoinRequests(services.db, eraseAfterSeconds, batch)) === batch);
    while ((await eraseExpiredRecords(services.db, batch)) === batch);
    await rotateSigningKeys(services.db, services.keys);
    await eraseDisplays(services.db);
    await eraseDisplayedApiKeys(services.db);
    await eraseOldSecrets(services.db);
    while ((await eraseEvents(services.db, batch)) === batch);
    await eraseShownFactors(services.db);
    // Last, for these end early while the engine is away.
    await endOrphans(services, await services.engine.endedByHand(new Date(Date.now() - lookBack)));
    await openHeld(services);
    await handOver(services, olderThanSeconds);
    await cancelRevoked(services);
    await serveLeftovers(services, olderThanSeconds);
    await tellEnded(services, since ?? new Date(until.getTime() - lookBackAtStart), until);
    return until;
  });
}

/**
 * Asks the engine for every mail that was promised; stops at its first refusal, and once limits on mails let somebody
 * wait, for the next round to go on: after an outage there may be thousands.
 */
async function handOver(services: Services, olderThanSeconds: number): Promise<void> {
  const { db } = services;
  const settings = await loadSettings(db);
  const end = Date.now() + handOverWithin;
  for (let last: AwaitingEngine | undefined; ; ) {
    const found = await registrationsAwaitingEngine(db, olderThanSeconds, batch, last);
    let waiting = 0;
    for (const registration of found) if (!(await handOverOne(services, registration, settings))) waiting += 1;
    last = found.at(-1);
    if (found.length < batch || waiting > 0 || Date.now() > end) return;
  }
}

/** False when too many mails went out for this one to go now. */
async function handOverOne(services: Services, registration: Registration, settings: Settings): Promise<boolean> {
  const { db, limits, log } = services;
  const { reference, email, kind, language } = registration;
  if (!(await limits.mayMail(email ?? ''))) return false;
  try {
    await ask(services, registration, settings);
    log.info({ reference }, 'handed an accepted registration to the engine');
  } catch (error) {
    if (!isGone(error)) throw error;
    // Its workflow is gone, and the person waits for a mail: a new registration takes over in the next round.
    await endOrphans(services, [reference]);
    // Of an invitation its administrator sees the end, and can send it again.
    if (email && kind !== 'invited')
      await openRegistration(db, { email, kind, language, lifetimeSeconds: settings.registration_lifetime_seconds });
  }
  return true;
}

/** An invitation that was renewed while the engine was away counts from then; all else is a wish for a link. */
const ask = ({ engine }: Services, registration: Registration, settings: Settings): Promise<void> =>
  registration.kind === 'invited' && registration.sequence > 0
    ? engine.signal(registration.reference, { type: 'RENEW', actor: 'administrator' })
    : engine.requestLink(registration, settings);

const isGone = (error: unknown) =>
  error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError;

/** Whom somebody has invited while they had a registration of their own, which has ended without an account. */
async function openHeld({ db }: Services): Promise<void> {
  for (const invitation of await heldInvitations(db, batch)) await db.transaction((trx) => openFor(trx, invitation));
}

/** Tells the workflows of revoked invitations, in case the engine was away when they were revoked. */
async function cancelRevoked(services: Services): Promise<void> {
  for (const reference of await registrationsOfEndedInvitations(services.db, batch))
    if (!(await cancel(services, reference, 'administrator'))) await endOrphans(services, [reference]);
}

/** False when its workflow is gone. */
async function cancel({ engine }: Services, reference: string, actor: string): Promise<boolean> {
  try {
    await engine.signal(reference, { type: 'CANCEL', actor });
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/**
 * Tells workflows that still run of their row's end. A restarted Temporal forgets an update that was being worked on,
 * and what that has done, the account for instance, is done. Whatever such a workflow is told, it finds the row and ends.
 */
async function tellEnded(services: Services, since: Date, until: Date): Promise<void> {
  const ended = await endedBetween(services.db, since, until);
  if (ended.length === 0) return;
  const closed = new Set(await services.engine.endedByThemselves(new Date(since.getTime() - margin)));
  for (const reference of ended.filter((one) => !closed.has(one)))
    if (await cancel(services, reference, 'system'))
      services.log.warn({ reference }, 'told a workflow that its registration has ended');
}

/** Starts the workflows of rows that were written while the engine was away, or a mailbox had its fill; one that runs is left alone. */
async function serveLeftovers({ db, engine, limits }: Services, olderThanSeconds: number): Promise<void> {
  for (const id of await unfinishedBatches(db, olderThanSeconds, batch)) await engine.serve('retryBatch', id);
  for (const id of await waitingNotices(db, olderThanSeconds, batch)) await engine.serve('notice', id);
  for (const { id, asks } of await unaskedRequests(db, olderThanSeconds, batch))
    if (!asks || (await limits.mayMail(asks))) await engine.serve('joinRequest', id);
}

/** Whoever ends a workflow in the Temporal UI ends the registration; it must not stay open with nobody to move it. */
async function endOrphans({ db, log }: Services, references: string[]): Promise<void> {
  // Somebody may have ended them all by one query.
  for (let from = 0; from < references.length; from += batch)
    for (const reference of await endWithoutWorkflow(db, references.slice(from, from + batch)))
      log.error({ reference }, 'a workflow was ended by hand or failed; its registration ended with it');
}
