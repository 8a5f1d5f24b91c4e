import type { Knex } from 'knex';
import { customerAccountAdministrator } from '../accounts.js';
import { agreementTemplates } from './agreement-templates.js';

/** What a first start needs: a default customer user type, settings, and agreements to replace by one's own. */
export async function seedDefaults(db: Knex): Promise<void> {
  if (await db('settings').first()) return;
  await db.transaction(async (trx) => {
    const [userType] = await trx('user_types')
      .insert({
        kind: 'customer',
        name: 'Customer administrator',
        permissions: [customerAccountAdministrator],
      })
      .returning('id');
    await trx('settings').insert({ default_customer_user_type_id: userType.id });
    for (const { document, texts } of agreementTemplates) {
      const [version] = await trx('agreement_versions').insert({ document, version: 1 }).returning('id');
      await trx('agreement_texts').insert(texts.map((text) => ({ agreement_version_id: version.id, ...text })));
    }
  });
}
