import type { Knex } from 'knex';

/** A partner as a provider describes it; only these fields are ever taken from an answer (security.md F5). */
export interface ProvidedPartner {
  name?: string;
  street?: string;
  postalCode?: string;
  city?: string;
  country?: string;
  vatNumber?: string;
  externalId?: string;
}

/**
 * The partner of a provider's answer: the one with its external id if there is one, unchanged, for staff keep their
 * partners; else a new one. A provider without ids is known by the hash of the code. Returns its id.
 */
export async function partnerFromProvider(
  trx: Knex,
  partner: ProvidedPartner,
  codeHash: string,
  parentId: string | null,
): Promise<string> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `
    insert into partners (name, street, postal_code, city, country, vat_number, external_id, parent_id, origin)
    values (:name, :street, :postalCode, :city, :country, :vatNumber, :externalId, :parentId, 'provider')
    on conflict (external_id) do update set external_id = excluded.external_id
    returning id`,
    {
      name: partner.name ?? '',
      street: partner.street ?? null,
      postalCode: partner.postalCode ?? null,
      city: partner.city ?? null,
      country: partner.country ?? null,
      vatNumber: partner.vatNumber ?? null,
      externalId: partner.externalId ?? `code:${codeHash}`,
      parentId,
    },
  );
  return rows[0]!.id;
}

/** Notes an attempt for the timeline; `reason` is one of a fixed set of codes (F6). */
export async function noteLookup(
  db: Knex,
  registrationId: string,
  lookup: { outcome: string; reason?: string; milliseconds: number },
): Promise<void> {
  const { outcome, reason = null, milliseconds } = lookup;
  await db('lookups').insert({ registration_id: registrationId, outcome, reason, milliseconds });
}
