import anyTest, { type TestFn } from 'ava';
import { reconcile } from '../../api/reconciler.js';
import type { Services } from '../../api/registrations.js';
import { createLog } from '../../db/log.js';
import { buildKeys, buildRegistration } from '../db/fixtures/rows.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';

const test = anyTest as TestFn<{ database: TestDatabase }>;
const waiting = 250;
const batch = 100;

test.before(async (t) => {
  const database = await startDatabase();
  t.context.database = database;
  for (let number = 0; number < waiting; number++) await buildRegistration(database.db);
  // As after an outage of the engine; many at the same moment, so that only their ids tell them apart.
  await database.db('registrations').update({ link_requested_at: database.db.raw("now() - interval '1 hour'") });
});
test.after.always((t) => t.context.database?.stop());

/** A round with an engine that takes everything; which registrations it was asked for. */
async function askedFor({ db }: TestDatabase, mayMail: () => boolean): Promise<string[]> {
  const asked: string[] = [];
  const services = {
    db,
    engine: {
      endedByHand: async () => [],
      requestLink: async ({ id, reference }: { id: string; reference: string }) => {
        asked.push(reference);
        // As the worker takes them up meanwhile.
        await db('registrations').where({ id }).update({ link_requested_at: null });
      },
    },
    limits: { mayMail: async () => mayMail() },
    keys: buildKeys('one'),
    log: createLog('test', 'silent'),
  } as unknown as Services;
  await reconcile(services);
  return asked;
}

test.serial('once a limit on mails is reached, the others are left to the next round', async (t) => {
  const { database } = t.context;
  let mails = 0;
  const asked = await askedFor(database, () => mails++ < 3);
  t.is(asked.length, 3);
  t.is(mails, batch, 'nobody of the next batch is counted');
});

test.serial('all that were accepted while the engine was away are handed over in one round, each once', async (t) => {
  const { database } = t.context;
  const asked = await askedFor(database, () => true);
  t.is(asked.length, waiting - 3);
  t.is(new Set(asked).size, waiting - 3);
  t.deepEqual(await askedFor(database, () => true), []);
});
