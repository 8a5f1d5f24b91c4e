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

const columns = [
  'id',
  'reference',
  'kind',
  'email',
  'state',
  'attention',
  'problem',
  'created_at',
  'state_since',
  'ended_at',
];

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
  const inOrder = (query: Knex.QueryBuilder) =>
    query
      .orderBy([
        { column: 'r.created_at', order },
        { column: 'r.id', order },
      ])
      .limit(limit);
  const key = 'select created_at, id from registrations where reference = ?';
  // A page of each way by itself: one condition over all of them, or all matches of one, would be read whole.
  const pages = waysToMatch(filter).map((way) => {
    const query = allHold(narrowed(db, filter), way).select(...columns.map((column) => `r.${column}`));
    if (older !== undefined) query.whereRaw(`(r.created_at, r.id) < (${key})`, [older]);
    if (newer !== undefined) query.whereRaw(`(r.created_at, r.id) > (${key})`, [newer]);
    return inOrder(query);
  });
  return pages.length === 1 && pages[0] ? pages[0] : inOrder(db.from(db.union(pages, true).as('r')));
}

/** Registrations (as `r`) that a filter leaves, for whoever takes few of them by an index of its own. */
export const matching = (db: Knex, filter: RegistrationFilter): Knex.QueryBuilder =>
  narrowed(db, filter).where((either) => {
    for (const way of waysToMatch(filter)) either.orWhere((all) => allHold(all, way));
  });

/** By all of the filter that is in the registration's own row and stays there. */
function narrowed(db: Knex, { kind, state, stuckHours, reference }: RegistrationFilter): Knex.QueryBuilder {
  const query = db('registrations as r');
  if (kind) query.where('r.kind', kind);
  if (state === 'open') query.whereNull('r.ended_at');
  else if (state === 'ended') query.whereNotNull('r.ended_at');
  else if (state === 'attention') query.where('r.attention', true);
  else if (state) query.where('r.state', state);
  if (stuckHours !== undefined) whereStuck(query, stuckHours);
  if (reference) query.where('r.reference', reference);
  return query;
}

/** Nothing is longer in its state than it is there at all, which the order of the list knows. */
const whereStuck = (query: Knex.QueryBuilder, hours: number) =>
  query
    .whereNull('r.ended_at')
    .whereRaw('r.state_since < now() - make_interval(hours => ?)', [hours])
    .whereRaw('r.created_at < now() - make_interval(hours => ?)', [hours]);

/** SQL, and the pattern in it. */
type Condition = [sql: string, pattern: string];

/** An e-mail or company is the registration's own, or, once that is erased, of the account that came of it. */
const emailConditions = ['r.email like ?', 'r.id in (select registration_id from users where email like ?)'];
const companyConditions = [
  "lower(r.draft ->> 'companyName') like lower(?)",
  `r.id in (select u.registration_id from customers c join users u on u.customer_id = c.id
    where lower(c.name) like lower(?))`,
  // PostgreSQL knows nothing of a table as short as this one, and would look each registration up in it.
  `r.id = any(array(select u.registration_id from partners p join users u on u.partner_id = p.id
    where lower(p.name) like lower(?)))`,
];

/** Each is a list of conditions of which all must hold. A registration may match in more than one way. */
function waysToMatch({ email, company }: RegistrationFilter): Condition[][] {
  const byEmail = oneOf(emailConditions, email);
  const byCompany = oneOf(companyConditions, company);
  return byEmail.flatMap((way) => byCompany.map((other) => [...way, ...other]));
}

const oneOf = (conditions: string[], typed: string | undefined): Condition[][] =>
  typed ? conditions.map((sql) => [[sql, startingWith(typed)]]) : [[]];

const allHold = (query: Knex.QueryBuilder, way: Condition[]): Knex.QueryBuilder =>
  way.reduce((narrower, [sql, pattern]) => narrower.whereRaw(sql, [pattern]), query);

/** A pattern for LIKE in which nothing typed is a sign of its own. */
export const startingWith = (typed: string) => `${typed.replaceAll(/[\\%_]/g, '\\$&')}%`;

/** How many of those that match stand in one of these states. */
export async function countInStates(db: Knex, filter: RegistrationFilter, states: string[]): Promise<number> {
  const [row] = await matching(db, filter).where('r.attention', true).whereIn('r.state', states).count('* as count');
  return Number(row?.count ?? 0);
}
