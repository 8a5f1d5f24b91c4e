import type { Realm } from '../../second-factor/realm.js';
import { FormToken } from '../form-fields.js';
import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { FactorFrame } from './frame.js';

/** The only page that ever shows recovery codes: for minutes after they were made, or until they are put away. */
export function RecoveryCodesPage({ page, model }: { page: PageContext; model: { realm: Realm; codes: string[] } }) {
  const { t } = page;
  const { realm, codes } = model;
  return (
    <FactorFrame page={page} realm={realm} title={t('secondFactor.codes.newTitle')} scripts={['form-check']}>
      <section class="card form-section reading-width">
        <Notice kind="info">
          <p>{t('secondFactor.codes.shownOnce')}</p>
        </Notice>
        <ul class="recovery-codes">
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ul>
        <p>
          <a href={`${realm.settings}/recovery-codes/file`} download>
            {t('secondFactor.codes.download')}
          </a>
        </p>
        <p>
          {t('secondFactor.codes.eachOnce')} {t('secondFactor.codes.how')}
        </p>
        <form method="post" action={`${realm.settings}/recovery-codes/stored`} data-check>
          <FormToken page={page} />
          <button type="submit">{t('secondFactor.codes.stored')}</button>
        </form>
      </section>
    </FactorFrame>
  );
}
