import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Database } from '../../db/connection.js';
import { registrationStateQuery, registrationWorkflowId, registrationWorkflowType } from '../../workflows/messages.js';

/** What the engine may take to catch up, in milliseconds: more than Temporal takes to see that a killed worker is gone. */
const quiescence = 40_000;
const answerWithin = 10_000;
const spareHour = 3_600_000;

/** security.md §0.3 in SQL: each query finds what must not be. */
const nothingFound: Record<string, string> = {
  'INV-1 one user per canonical e-mail': `
    select lower(trim(email)) from users group by 1 having count(*) > 1`,
  'INV-2 an organisation has an enabled administrator': `
    select c.id from customers c where not exists (
      select from users u join user_types t on t.id = u.user_type_id
        where u.customer_id = c.id and u.disabled_at is null and 'customer_account_administrator' = any(t.permissions))`,
  'INV-2 a user has an organisation': `
    select u.id from users u left join customers c on c.id = u.customer_id left join partners p on p.id = u.partner_id
      where num_nonnulls(c.id, p.id) <> 1`,
  'INV-3 one consent a document, with the registration': `
    select u.id, d.document from users u cross join (select distinct document from agreement_versions) d
      where u.registration_id is not null and 1 <> (
        select count(*) from consents c join agreement_versions v on v.id = c.agreement_version_id
          where c.user_id = u.id and v.document = d.document and c.registration_id = u.registration_id
            and c.accepted_at is not null)`,
  'INV-4 a code was used as often as it made accounts, and no oftener than it may': `
    select c.id from partner_codes c where c.uses > c.max_uses
      or c.uses <> (select count(*) from users u where u.partner_code_id = c.id)
        + (select count(*) from erased_accounts e where e.partner_code_id = c.id)`,
  'INV-5 a registration that says completed has exactly one account, or had it': `
    select r.reference from registrations r where r.state = 'completed'
      and 1 <> (select count(*) from users u where u.registration_id = r.id)
        + (select count(*) from erased_accounts e where e.registration_id = r.id)`,
  'INV-5 what ended keeps no submission': `
    select r.reference from registrations r join registration_submissions s on s.registration_id = r.id
      where r.ended_at is not null`,
  'INV-9 only a proven registration makes an account, and ends by it': `
    select r.reference, r.state from users u join registrations r on r.id = u.registration_id
      where r.proven_at is null or r.state <> 'completed' or r.ended_at is null`,
};

/** What must come true by itself soon. */
const soonNothingFound: Record<string, string> = {
  'INV-5 a submission ends, or waits where staff see it': `
    select reference, state from registrations where ended_at is null and state in ('creatingAccount', 'resolvingPartner')`,
  'INV-6 a start ends in a mail, or waits where staff see it': `
    select r.reference, r.state from registrations r where r.ended_at is null and not r.attention
      and not exists (select from mails m where m.registration_id = r.id and m.state = 'sent')`,
};

/**
 * Rejects with every invariant (security.md §0.3) that does not hold; allows the engine a moment to catch up. `restored`:
 * of those that have ended, row and workflow may say different things.
 */
export async function inv(db: Database, temporal: Client, { restored = false } = {}): Promise<void> {
  const end = Date.now() + quiescence;
  for (;;) {
    const broken = [
      ...(await findings(db, { ...nothingFound, ...soonNothingFound })),
      ...(await disagreements(db, temporal, restored)),
      ...(await sickWorkflows(db, temporal)),
    ];
    if (broken.length === 0) return;
    if (Date.now() > end) throw new Error(`invariants do not hold:\n${broken.join('\n')}`);
  }
}

async function findings(db: Database, queries: Record<string, string>): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(queries).map(async ([name, query]) => {
      const { rows } = await db.raw(query);
      return rows.length > 0 ? [`${name}: ${JSON.stringify(rows)}`] : [];
    }),
  );
  return found.flat();
}

interface Row {
  reference: string;
  state: string;
  ended_at: Date | null;
  /** Ended by the reconciler, which found no workflow: nothing had been started yet, or somebody had ended it by hand. */
  orphaned: boolean;
}

/** INV-7: the row says what the workflow says, or that there was none. */
async function disagreements(db: Database, temporal: Client, restored: boolean): Promise<string[]> {
  const rows: Row[] = await db('registrations as r').select('reference', 'state', 'ended_at', {
    orphaned: db.raw(
      `exists (select from registration_events where registration_id = r.id and event = 'WORKFLOW_ENDED')`,
    ),
  });
  const found = await Promise.all(
    rows.map(async ({ reference, state, ended_at, orphaned }) => {
      const told = await stateOf(temporal, reference, ended_at !== null).catch((error) =>
        orphaned && error instanceof WorkflowNotFoundError ? state : `${error}`,
      );
      const agree = told === state || (restored && ended_at !== null && (await hasEnded(temporal, reference)));
      return agree ? [] : [`INV-7 ${reference} is ${state} in the row, ${told} in the workflow`];
    }),
  );
  return found.flat();
}

const hasEnded = async (temporal: Client, reference: string): Promise<boolean> =>
  (await temporal.workflow.getHandle(registrationWorkflowId(reference)).describe()).status.name !== 'RUNNING';

async function stateOf(temporal: Client, reference: string, ended: boolean): Promise<string> {
  const handle = temporal.workflow.getHandle(registrationWorkflowId(reference));
  return temporal.withDeadline(Date.now() + answerWithin, async () =>
    ended ? (await handle.result()).state : (await handle.query(registrationStateQuery)).state,
  );
}

/** INV-8: no workflow is open beyond its time, none fails its tasks, none is open without a row that is. */
async function sickWorkflows(db: Database, temporal: Client): Promise<string[]> {
  const { registration_lifetime_seconds } = await db('settings').first('registration_lifetime_seconds');
  const oldest = Date.now() - registration_lifetime_seconds * 1_000 - spareHour;
  const query = `WorkflowType = '${registrationWorkflowType}' AND ExecutionStatus = 'Running'`;
  const broken: string[] = [];
  for await (const { workflowId, startTime } of temporal.workflow.list({ query })) {
    const { status, raw } = await temporal.workflow.getHandle(workflowId).describe();
    if (status.name !== 'RUNNING') continue; // the list lags behind
    if (startTime.getTime() < oldest) broken.push(`INV-8 ${workflowId} is open since ${startTime.toISOString()}`);
    const attempt = raw.pendingWorkflowTask?.attempt ?? 0;
    if (attempt > 1) broken.push(`INV-8 ${workflowId} fails its workflow task, attempt ${attempt}`);
  }
  return broken;
}
