import type { Knex } from 'knex';
import { type OrganisationKind, Settings, UserType } from './models.js';
import { customerAccountAdministrator } from './permissions.js';

/** What administrators choose; everything of the row but its key and its counter. */
export type SettingsChoice = Omit<
  Pick<Settings, Exclude<keyof Settings, keyof import('objection').Model>>,
  'id' | 'version'
>;

/** Why a type cannot be the default of a kind. */
export type DefaultTypeFault = 'userTypeMissing' | 'userTypeOfOtherKind' | 'userTypeNotAdministrator';

export type SettingsOutcome =
  | { kind: 'saved'; before: Settings; after: Settings }
  | { kind: 'stale' }
  | { kind: 'refused'; faults: Partial<Record<OrganisationKind, DefaultTypeFault>> };

/**
 * Saves the settings if nobody else did since `version` (security.md C19). The default user types are judged here, under
 * a lock, so that none loses its permission while it becomes the default (A5). Settings before user types, as account
 * creation locks them. Durations in seconds; what the table's checks refuse is for the caller to keep away.
 */
export async function saveSettings(
  trx: Knex.Transaction,
  version: number,
  choice: SettingsChoice,
): Promise<SettingsOutcome> {
  const before = await lockSettings(trx);
  if (before.version !== version) return { kind: 'stale' };
  const customer = await defaultTypeFault(trx, 'customer', choice);
  const partner = await defaultTypeFault(trx, 'partner', choice);
  if (customer || partner)
    return { kind: 'refused', faults: { ...(customer && { customer }), ...(partner && { partner }) } };
  const [after] = await Settings.query(trx)
    .where({ id: true, version })
    .patch({ ...choice, version: version + 1 })
    .returning('*');
  return { kind: 'saved', before, after: after! };
}

/** The settings, kept from changing until the transaction ends. */
export const lockSettings = async (trx: Knex.Transaction): Promise<Settings> =>
  Settings.query(trx).findOne({ id: true }).forUpdate().throwIfNotFound();

async function defaultTypeFault(
  trx: Knex.Transaction,
  kind: OrganisationKind,
  choice: SettingsChoice,
): Promise<DefaultTypeFault | undefined> {
  const { id, isOn } = {
    customer: { id: choice.default_customer_user_type_id, isOn: choice.customer_onboarding },
    partner: { id: choice.default_partner_user_type_id, isOn: choice.partner_onboarding !== 'off' },
  }[kind];
  // Without a default every new account of this kind would get stuck.
  if (!id) return isOn ? 'userTypeMissing' : undefined;
  const type = await UserType.query(trx).findById(id).forShare();
  if (!type) return 'userTypeMissing';
  if (type.kind !== kind) return 'userTypeOfOtherKind';
  const mayAdminister = kind === 'partner' || type.permissions.includes(customerAccountAdministrator);
  return mayAdminister ? undefined : 'userTypeNotAdministrator';
}

/** How many registrations of each kind have not ended. */
export async function countOpen(db: Knex): Promise<Record<OrganisationKind, number>> {
  const rows = await db('registrations').whereNull('ended_at').select('kind').count('* as count').groupBy('kind');
  const counts = Object.fromEntries(rows.map(({ kind, count }) => [kind, Number(count)]));
  return { customer: counts.customer ?? 0, partner: counts.partner ?? 0 };
}
