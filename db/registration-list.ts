import type { Knex } from 'knex';
import type { RegistrationKind } from './models.js';

/** What the Console's list can be narrowed to; what is absent does not narrow it. */
export interface RegistrationFilter {
  kind?: RegistrationKind;
  /** One state of the machine, or `open`, `ended`, `attention`. */
  state?: string;
  /** Open, and in its state for longer than this. */
  stuckHours?: number;
  /** How the e-mail starts, canonical; also of the account that came of it, when the registration's own is erased. */
  email?: string;
  /** Whole. */
  reference?: string;
  /** How the company's or partner's name starts; upper and lower case are one. */
  company?: string;
}

export interface ListedRegistration {
  reference: string;
  kind: RegistrationKind;
  /** Null once erased. */
  email: string | null;
  state: string;
  attention: boolean;
  problem: string | null;
  created_at: Date;
  state_since: Date;
  ended_at: Date | null;
}

/** Where a page starts: after (older than) or before (newer than) the registration of this reference. */
export interface Cursor {
  older?: string;
  newer?: string;
}

export interface RegistrationPage {
  rows: ListedRegistration[];
  /** References to go on from; absent at the ends of the list. */
  newer?: string;
  older?: string;
}

/**
 * One page of registrations, the newest first. Pages by the key (created_at, id) instead of counting rows, so that the
 * thousandth page is as quick as the first and none moves while registrations come in.
 */
export async function listRegistrations(
  db: Knex,
  filter: RegistrationFilter,
  { older, newer }: Cursor,
  size: number,
): Promise<RegistrationPage> {
  const back = newer !== undefined;
  const rows: ListedRegistration[] = await pageQuery(db, filter, { older, newer }, size + 1);
  const hasMore = rows.length > size;
  if (hasMore) rows.pop();
  if (back) rows.reverse();
  const [first, last] = [rows[0]?.reference, rows.at(-1)?.reference];
  return {
    rows,
    newer: back ? (hasMore ? first : undefined) : older && first,
    older: back ? last : hasMore ? last : undefined,
  };
}

/** The list's query, also for whoever wants to see its plan. */
export function pageQuery(db: Knex, filter: RegistrationFilter, { older, newer }: Cursor, limit: number) {
  const order = newer === undefined ? 'desc' : 'asc';
  const query = matching(db, filter)
    .select('r.reference', 'r.kind', 'r.email', 'r.state', 'r.attention', 'r.problem')
    .select('r.created_at', 'r.state_since', 'r.ended_at')
    .orderBy([
      { column: 'r.created_at', order },
      { column: 'r.id', order },
    ])
    .limit(limit);
  const key = 'select created_at, id from registrations where reference = ?';
  if (older !== undefined) query.whereRaw(`(r.created_at, r.id) < (${key})`, [older]);
  if (newer !== undefined) query.whereRaw(`(r.created_at, r.id) > (${key})`, [newer]);
  return query;
}

/** Registrations (as `r`) that a filter leaves. Each condition has an index, or keeps the order of the newest. */
export function matching(db: Knex, filter: RegistrationFilter): Knex.QueryBuilder {
  const { kind, state, stuckHours, email, reference, company } = filter;
  const query = db('registrations as r');
  if (kind) query.where('r.kind', kind);
  if (state === 'open') query.whereNull('r.ended_at');
  else if (state === 'ended') query.whereNotNull('r.ended_at');
  else if (state === 'attention') query.where('r.attention', true);
  else if (state) query.where('r.state', state);
  if (stuckHours !== undefined) whereStuck(query, stuckHours);
  if (reference) query.where('r.reference', reference);
  if (email) query.whereRaw('r.id in (?)', ofEmail(db, startingWith(email)));
  if (company) query.whereRaw('r.id in (?)', ofCompany(db, startingWith(company)));
  return query;
}

/** Nothing is longer in its state than it is there at all, which the order of the list knows. */
const whereStuck = (query: Knex.QueryBuilder, hours: number) =>
  query
    .whereNull('r.ended_at')
    .whereRaw('r.state_since < now() - make_interval(hours => ?)', [hours])
    .whereRaw('r.created_at < now() - make_interval(hours => ?)', [hours]);

const ofEmail = (db: Knex, prefix: string) =>
  db.raw('select id from registrations where email like ? union select registration_id from users where email like ?', [
    prefix,
    prefix,
  ]);

const ofCompany = (db: Knex, prefix: string) =>
  db.raw(
    `select id from registrations where lower(draft ->> 'companyName') like lower(:prefix)
      union
      select u.registration_id from users u join customers c on c.id = u.customer_id where lower(c.name) like lower(:prefix)
      union
      select u.registration_id from users u join partners p on p.id = u.partner_id where lower(p.name) like lower(:prefix)`,
    { prefix },
  );

/** A pattern for LIKE in which nothing typed is a sign of its own. */
export const startingWith = (typed: string) => `${typed.replaceAll(/[\\%_]/g, '\\$&')}%`;

/** How many of those that match stand in one of these states. */
export async function countInStates(db: Knex, filter: RegistrationFilter, states: string[]): Promise<number> {
  const [row] = await matching(db, filter).where('r.attention', true).whereIn('r.state', states).count('* as count');
  return Number(row?.count ?? 0);
}
