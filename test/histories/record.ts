/**
 * Records the histories that test/workflows/replay.test.ts replays, one for each way a registration can end:
 * `node build/test/histories/record.js [version]` writes test/histories/registration-<way>-<version>.json.
 *
 * A version is recorded once, when a workflow of that shape is first released, and then kept: what runs in production
 * under it has to go on. A workflow that no longer replays an old version needs `patched` or a version of its own.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { lifetimes } from '../machines/paths.js';
import { Engine, type Mocks, type Opened } from '../workflows/engine.js';
import { settle } from '../workflows/records.js';
import { waysOut } from './ways-out.js';

type Way = (typeof waysOut)[number];
interface Recording {
  mocks?: Mocks;
  lifetimes?: Partial<typeof lifetimes>;
  /** From the first mail on. */
  goOn(opened: Opened, engine: Engine): Promise<unknown>;
}

const submit = (opened: Opened, submissionId = 'submission-1') =>
  opened.update({ type: 'SUBMITTED', submissionId, actor: 'registrant' }, submissionId);
const prove = (opened: Opened) => opened.update({ type: 'PROVEN', actor: 'registrant' }, 'draft-1');
const byOperator = (opened: Opened, type: 'RETRY' | 'CANCEL') =>
  opened.update({ type, actor: 'operator' }, `${type.toLowerCase()}-1`);

/** The mails, or the creations, end one after the other as told, and then well. */
const mails =
  (...outcomes: ('accountExists' | 'mailRefused')[]): Mocks =>
  ({ records }) => ({ sendActivationMail: (input) => settle(records, input, outcomes.shift() ?? 'sent') });
const creations =
  (...outcomes: ('agreementOutdated' | 'userTypeInvalid')[]): Mocks =>
  ({ records }) => ({ createAccount: (input) => settle(records, input, outcomes.shift() ?? 'created') });

const recordings: Record<Way, Recording> = {
  completed: { goOn: (opened) => submit(opened) },
  'completed-after-draft': { goOn: (opened) => prove(opened).then(() => submit(opened)) },
  'completed-after-resend': {
    goOn: async (opened, engine) => {
      await engine.env.sleep(lifetimes.resendCooldown + 1000);
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
};

async function record(version: string): Promise<void> {
  const engine = await Engine.start();
  try {
    for (const way of waysOut) {
      const { mocks, lifetimes: changed, goOn } = recordings[way];
      const opened = await engine.open(changed, mocks);
      if (way !== 'already-registered') await opened.viewWhen(({ tags }) => !tags.includes('busy'));
      await goOn(opened, engine);
      await opened.handle.result();
      const history = JSON.parse(historyToJSON(await opened.handle.fetchHistory()));
      const file = fileURLToPath(
        new URL(`../../../test/histories/registration-${way}-${version}.json`, import.meta.url),
      );
      writeFileSync(file, `${JSON.stringify(history)}\n`);
      console.log(file);
    }
  } finally {
    await engine.stop();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await record(process.argv[2] ?? 'v1');
