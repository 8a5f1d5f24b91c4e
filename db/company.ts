/** What an organisation is called and where it sits, as its own people see and its administrators change it. */
import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { recordAudit } from './audit.js';
import { lockAdministrators, type Organisation, organisationOf, type Tenant } from './organisations.js';

const columns = ['name', 'street', 'postal_code', 'city', 'country', 'vat_number'] as const;
export type Company = Record<(typeof columns)[number], string | null> & { name: string };

export const findCompany = (db: Knex, tenant: Tenant): Promise<Company> => {
  const { table, id } = organisationOf(tenant);
  return db(table).where({ id }).first(columns);
};

/** Says by which values a form was filled: it changes when any of them does (security.md C19). */
export const companyVersion = (company: Company): string =>
  createHash('sha256')
    .update(JSON.stringify(columns.map((column) => company[column] ?? null)))
    .digest('base64url');

export interface CompanyChange {
  actor: { userId: string } & Tenant;
  source: string;
  /** What the form was made from. */
  version: string;
  becomes: Company;
}

/** Changes the organisation of the administrator who asks, with its audit line. `actorGone`: who is none any more by now. */
export async function changeCompany(
  trx: Knex.Transaction,
  { actor, source, version, becomes }: CompanyChange,
): Promise<'done' | 'stale' | 'actorGone'> {
  const organisation = organisationOf(actor);
  const administrators = await lockAdministrators(trx, organisation);
  if (!administrators.some(({ id }) => id === actor.userId)) return 'actorGone';
  const before = await findCompany(trx, actor);
  if (companyVersion(before) !== version) return 'stale';
  const changed = columns.filter((column) => (before[column] ?? null) !== (becomes[column] ?? null));
  if (changed.length === 0) return 'done';
  await trx(organisation.table)
    .where({ id: organisation.id })
    .update(Object.fromEntries(changed.map((column) => [column, becomes[column] ?? null])));
  await recordAudit(trx, { userId: actor.userId, source, ...lineOf(organisation, changed) });
  return 'done';
}

/** Which parts were changed, and not into what: a customer may be a family, and the log is never erased (security.md R4). */
const lineOf = ({ kind, id: subject }: Organisation, fields: string[]) =>
  ({ action: `${kind}.changed`, subjectType: kind, subject, after: { fields } }) as const;
