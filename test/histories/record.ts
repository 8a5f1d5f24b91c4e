/**
 * Records the histories that test/workflows/replay.test.ts replays, one for each way a registration can end:
 * `node build/test/histories/record.js v2` writes test/histories/registration-<way>-v2.json for the ways of that
 * version, `… record.js retry-batch` the history of a batch.
 *
 * A version is recorded once, when a workflow of that shape is first released, and then kept: what runs in production
 * under it has to go on. A workflow that no longer replays an old version needs `patched` or a version of its own.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { RegistrationKind } from '../../machines/registration.js';
import { lifetimes } from '../machines/paths.js';
import { Engine, ended, type Mocks, type Opened } from '../workflows/engine.js';
import { failing, join } from '../workflows/partners.js';
import { notAtOnce, settle } from '../workflows/records.js';
import { type Version, type Way, waysOut } from './ways-out.js';

interface Recording {
  mocks?: Mocks;
  lifetimes?: Partial<typeof lifetimes>;
  kind?: RegistrationKind;
  /** From the first mail on. */
  goOn(opened: Opened, engine: Engine): Promise<unknown>;
}

const submit = async (opened: Opened, submissionId = 'submission-1') => {
  await opened.update({ type: 'SUBMITTED', submissionId, actor: 'registrant' }, submissionId);
  if (await opened.isRunning()) await opened.quiet();
};
const prove = (opened: Opened) => opened.update({ type: 'PROVEN', actor: 'registrant' }, 'draft-1');
const submitCode = async (opened: Opened, submissionId = 'submission-1') => {
  await opened.update({ ...join, submissionId }, submissionId);
  if (await opened.isRunning()) await opened.quiet();
};
const submitInvited = (opened: Opened) =>
  opened.update(
    { type: 'SUBMITTED', submissionId: 'submission-1', kind: 'invited', actor: 'registrant' },
    'submission-1',
  );
const byOperator = (opened: Opened, type: 'RETRY' | 'CANCEL' | 'ASSIGN_PARTNER' | 'APPROVE' | 'DECLINE') =>
  opened.update(
    { type, actor: 'operator', ...(type === 'ASSIGN_PARTNER' ? { partnerId: 'partner-1' } : {}) },
    `${type.toLowerCase()}-1`,
  );

/** The mails, or the creations, end one after the other as told, and then well. */
const mails =
  (...outcomes: ('accountExists' | 'mailRefused')[]): Mocks =>
  ({ records }) => ({ sendActivationMail: (input) => settle(records, input, outcomes.shift() ?? 'sent') });
const creations =
  (...outcomes: ('agreementOutdated' | 'userTypeInvalid' | 'approvalNeeded' | 'invitationVoid')[]): Mocks =>
  ({ records }) => ({ createAccount: (input) => settle(records, input, outcomes.shift() ?? 'created') });
/** Answers of the Partner Provider, in the same way; `down` for one that does not answer. */
const lookups =
  (...answers: ('codeInvalid' | 'down')[]): Mocks =>
  ({ records }) => ({
    resolvePartner: async () => ({ outcome: 'askProvider' }),
    lookUpPartner: (input) => {
      const answer = answers.shift() ?? 'found';
      return answer === 'down' ? failing() : settle(records, input, answer);
    },
  });

const recordings: Record<Way, Recording> = {
  completed: { goOn: (opened) => submit(opened) },
  'mail-at-once-completed': { goOn: (opened) => submit(opened) },
  'mail-not-at-once-completed': {
    mocks: ({ records }) => ({ sendActivationMail: notAtOnce((input) => settle(records, input, 'sent')) }),
    goOn: (opened) => submit(opened),
  },
  'completed-after-draft': { goOn: (opened) => prove(opened).then(() => submit(opened)) },
  'completed-after-resend': {
    goOn: async (opened, engine) => {
      await engine.sleep(lifetimes.resendCooldown + 1000);
      await opened.signal({ type: 'LINK_REQUESTED', actor: 'registrant' });
      await opened.viewWhen(({ mailsSent }) => mailsSent === 2);
      await submit(opened);
    },
  },
  'already-registered': { mocks: mails('accountExists'), goOn: async () => {} },
  expired: { lifetimes: { reminder: undefined }, goOn: (opened) => opened.pass('reminderOrExpiry') },
  'reminder-then-expired': {
    goOn: async (opened) => {
      await opened.pass('reminderOrExpiry');
      await opened.viewWhen(({ mailsSent }) => mailsSent === 2);
      await opened.pass('reminderOrExpiry');
    },
  },
  cancelled: { goOn: (opened) => byOperator(opened, 'CANCEL') },
  'cancelled-once-kept': { goOn: (opened) => byOperator(opened, 'CANCEL') },
  'declined-once-kept': {
    mocks: creations('approvalNeeded'),
    goOn: (opened) => submit(opened).then(() => byOperator(opened, 'DECLINE')),
  },
  'mail-undeliverable-then-retry': {
    mocks: mails('mailRefused'),
    goOn: (opened) => byOperator(opened, 'RETRY').then(() => submit(opened)),
  },
  'creation-blocked-then-retry': {
    mocks: creations('userTypeInvalid'),
    goOn: (opened) => submit(opened).then(() => byOperator(opened, 'RETRY')),
  },
  'refused-agreement-then-completed': {
    mocks: creations('agreementOutdated'),
    goOn: (opened) => submit(opened).then(() => submit(opened, 'submission-2')),
  },
  'partner-code-completed': { goOn: (opened) => submitCode(opened) },
  'partner-provider-completed': { mocks: lookups(), goOn: (opened) => submitCode(opened) },
  'lookup-parked-then-retry': {
    mocks: lookups('down'),
    goOn: (opened) => submitCode(opened).then(() => byOperator(opened, 'RETRY')),
  },
  'lookup-parked-then-assigned': {
    mocks: lookups('down'),
    goOn: (opened) => submitCode(opened).then(() => byOperator(opened, 'ASSIGN_PARTNER')),
  },
  'approval-then-completed': {
    mocks: creations('approvalNeeded'),
    goOn: (opened) => submit(opened).then(() => byOperator(opened, 'APPROVE')),
  },
  'approval-declined': {
    mocks: creations('approvalNeeded'),
    goOn: (opened) => submit(opened).then(() => byOperator(opened, 'DECLINE')),
  },
  'code-refused-then-completed': {
    mocks: lookups('codeInvalid'),
    goOn: (opened) => submitCode(opened).then(() => submitCode(opened, 'submission-2')),
  },
  'invited-completed': { kind: 'invited', goOn: (opened) => submitInvited(opened) },
  'invited-again-then-completed': {
    kind: 'invited',
    goOn: async (opened) => {
      await opened.signal({ type: 'RENEW', actor: 'administrator' });
      await opened.viewWhen(({ mailsSent }) => mailsSent === 2);
      await submitInvited(opened);
    },
  },
  'invited-in-vain': { kind: 'invited', mocks: creations('invitationVoid'), goOn: (opened) => submitInvited(opened) },
};

async function recordWays(engine: Engine, version: Version): Promise<void> {
  for (const way of waysOut[version]) {
    const { mocks, lifetimes: changed, kind, goOn } = recordings[way];
    const opened = await engine.open(changed, mocks, kind);
    if (way !== 'already-registered') await opened.viewWhen(({ tags }) => !tags.includes('busy'));
    await goOn(opened, engine);
    await opened.result();
    await save(opened.handle, `registration-${way}-${version}`);
  }
}

/** A batch of two: one whose lookup is parked, one that is gone. */
async function recordBatch(engine: Engine): Promise<void> {
  const opened = await engine.open({}, lookups('down'));
  await opened.rests('awaitingProof');
  await submitCode(opened);
  const unsent = [[opened.reference, 'RG-GONE-0000']];
  const batch = await engine.serve('retryBatch', {
    nextOfBatch: async () => ({ references: unsent[0] ?? [] }),
    noteSent: async () => void unsent.shift(),
  });
  await ended(batch);
  await save(batch, 'retry-batch-v1');
}

async function save(handle: WorkflowHandle, name: string): Promise<void> {
  const history = JSON.parse(historyToJSON(await handle.fetchHistory()));
  const file = fileURLToPath(new URL(`../../../test/histories/${name}.json`, import.meta.url));
  writeFileSync(file, `${JSON.stringify(history, withoutStack)}\n`);
  console.log(file);
}

/** A failure's stack names the folders of this machine; a replay does not look at it. */
const withoutStack = (key: string, value: unknown) => (key === 'stackTrace' ? undefined : value);

async function record(what: string): Promise<void> {
  const engine = await Engine.start();
  try {
    if (what === 'retry-batch') await recordBatch(engine);
    else if (what in waysOut) await recordWays(engine, what as Version);
    else throw new Error(`one of ${Object.keys(waysOut).join(', ')}, retry-batch; not ${what}`);
  } finally {
    await engine.stop();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await record(process.argv[2] ?? '');
