/** The list of registrations, which is shown again when a retry of many did not go through. */
import { randomUUID } from 'node:crypto';
import type { Database } from '../../../db/connection.js';
import { countInStates, type ListedRegistration, listRegistrations } from '../../../db/registration-list.js';
import type { Context } from '../../http.js';
import { maskEmail } from '../../mask.js';
import { RegistrationsPage } from '../../pages/console/registrations.js';
import { type RegistrationRow, rowsOnPage, type TypedFilter } from '../../pages/console/registrations-model.js';
import type { FieldErrors } from '../../pages/models.js';
import { currentStates } from '../../registration-figures.js';
import { attentionStates, registrationStates, retryStates } from '../../registration-states.js';
import { showPage } from '../../show-page.js';
import { judgeFilter, stateGroups } from './registration-filter.js';
import { takeDone } from './take-done.js';

interface Shown {
  typed: TypedFilter;
  cursor?: { older?: string; newer?: string };
  errors?: FieldErrors;
  problem?: string;
  reason?: string;
}

/** Shows what the filter leaves; a filter that is not understood leaves nothing. */
export async function showList(
  ctx: Context,
  { db, secure }: { db: Database; secure: boolean },
  { typed, cursor = {}, errors = {}, problem, reason }: Shown,
  status = 200,
): Promise<void> {
  const judged = judgeFilter(typed);
  const [found, retryable, counted] = await Promise.all([
    'filter' in judged ? listRegistrations(db, judged.filter, cursor, rowsOnPage) : { rows: [] },
    'filter' in judged ? countInStates(db, judged.filter, retryStates) : 0,
    currentStates(db),
  ]);
  const faults = { ...errors, ...('errors' in judged ? judged.errors : {}) };
  const states = registrationStates.map(({ name }) => name);
  const model = {
    ...found,
    rows: found.rows.map(presentRow),
    typed,
    errors: faults,
    counts: counts(Object.fromEntries(counted.map(({ state, count }) => [state, count]))),
    now: new Date().toISOString(),
    retryable,
    states,
    retryStates,
    batchId: randomUUID(),
    problem,
    reason,
    done: takeDone(ctx, secure),
  };
  showPage(ctx, RegistrationsPage, model, Object.keys(faults).length > 0 ? 400 : status);
}

const presentRow = (row: ListedRegistration): RegistrationRow => ({
  reference: row.reference,
  kind: row.kind,
  email: row.email === null ? undefined : maskEmail(row.email),
  state: row.state,
  attention: row.attention,
  problem: row.problem ?? undefined,
  since: row.state_since.toISOString(),
  startedAt: row.created_at.toISOString(),
  ended: row.ended_at !== null,
});

/** All, then the groups, then every state that any stands in. */
function counts(byState: Record<string, number>): { state: string; count: number }[] {
  const sum = (names: string[]) => names.reduce((total, name) => total + (byState[name] ?? 0), 0);
  const ended = registrationStates.filter(({ isFinal }) => isFinal).map(({ name }) => name);
  const open = registrationStates.filter(({ isFinal }) => !isFinal).map(({ name }) => name);
  const members = { open, attention: attentionStates, ended };
  return [
    { state: '', count: sum([...open, ...ended]) },
    ...stateGroups.map((group) => ({ state: group, count: sum(members[group]) })),
    ...[...open, ...ended]
      .filter((state) => (byState[state] ?? 0) > 0)
      .map((state) => ({ state, count: byState[state] ?? 0 })),
  ];
}
