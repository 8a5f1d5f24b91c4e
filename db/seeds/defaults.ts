import type { Knex } from 'knex';
import { customerAccountAdministrator, partnerAccountAdministrator } from '../permissions.js';
import { agreementTemplates } from './agreement-templates.js';

/** What a first start needs: default user types, settings, and agreements to replace by one's own. */
export async function seedDefaults(db: Knex): Promise<void> {
  await db.transaction(async (trx) => {
    if (!(await trx('settings').first())) await seedFirstStart(trx);
    if (!(await trx('user_types').where({ kind: 'partner' }).first())) await seedPartnerType(trx);
  });
}

async function seedFirstStart(trx: Knex.Transaction): Promise<void> {
  const [userType] = await trx('user_types')
    .insert({ kind: 'customer', name: 'Customer administrator', permissions: [customerAccountAdministrator] })
    .returning('id');
  await trx('settings').insert({ default_customer_user_type_id: userType.id });
  for (const { document, texts } of agreementTemplates) {
    const [version] = await trx('agreement_versions').insert({ document, version: 1 }).returning('id');
    await trx('agreement_texts').insert(texts.map((text) => ({ agreement_version_id: version.id, ...text })));
  }
}

/** Also for an installation from before partners. */
async function seedPartnerType(trx: Knex.Transaction): Promise<void> {
  const [userType] = await trx('user_types')
    .insert({ kind: 'partner', name: 'Partner administrator', permissions: [partnerAccountAdministrator] })
    .returning('id');
  await trx('settings').whereNull('default_partner_user_type_id').update({ default_partner_user_type_id: userType.id });
}
