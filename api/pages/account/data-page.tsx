import type { PageContext } from '../models.js';
import { AccountFrame } from './frame.js';

/** What a person may take along, and the way out. */
export function DataPage({ page }: { page: PageContext; model: object }) {
  const { t } = page;
  return (
    <AccountFrame page={page} area="data" title={t('data.title')} lead={t('data.lead')}>
      <div class="account-grid">
        <section class="card">
          <h2>{t('data.export.title')}</h2>
          <p>{t('data.export.text')}</p>
          <p class="card-link">
            <a class="button outline" href="/account/export" download>
              {t('data.export.button')}
            </a>
          </p>
        </section>
        <section class="card">
          <h2>{t('data.delete.title')}</h2>
          <p>{t('data.delete.text')}</p>
          <p class="card-link">
            <a class="button outline" href="/account/delete">
              {t('data.delete.button')}
            </a>
          </p>
        </section>
      </div>
    </AccountFrame>
  );
}
