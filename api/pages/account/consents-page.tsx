import { languageName } from '../../formats.js';
import { LocalTime } from '../local-time.js';
import type { AccountModel, PageContext } from '../models.js';
import { AccountFrame } from './frame.js';

export interface ConsentsModel {
  /** The newest first. */
  consents: AccountModel['consents'];
}

/** What the person accepted, with the way to the very words, in the language in which they accepted them. */
export function ConsentsPage({ page, model }: { page: PageContext; model: ConsentsModel }) {
  const { t } = page;
  return (
    <AccountFrame
      page={page}
      area="consents"
      title={t('consents.title')}
      lead={t('consents.lead')}
      scripts={['local-time']}
    >
      <ul class="agreement-list reading-width">
        {model.consents.map((consent) => (
          <li key={consent.versionId} class="card">
            <Consent page={page} consent={consent} />
          </li>
        ))}
      </ul>
      {model.consents.length === 0 && <p>{t('consents.none')}</p>}
    </AccountFrame>
  );
}

function Consent({ page, consent }: { page: PageContext; consent: AccountModel['consents'][number] }) {
  const { t } = page;
  const { document, version, versionId, language, acceptedAt } = consent;
  const text = new URLSearchParams({ version: versionId, language });
  return (
    <>
      <h2>{t(`agreements.${document}`)}</h2>
      <p>
        {t('agreements.version', { version })}, {t('account.acceptedAt')} <LocalTime page={page} at={acceptedAt} />
      </p>
      <p class="muted">{t('consents.language', { language: languageName(page.language, language) })}</p>
      <a href={`/agreements/${document}?${text}`}>{t(`consents.read.${document}`)}</a>
    </>
  );
}
