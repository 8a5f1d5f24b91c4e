import { ErrorSummary, FormToken } from '../form-fields.js';
import type { AgreementModel, FieldErrors, PageContext } from '../models.js';
import { AgreementField } from '../registration-sections.js';
import { AccountFrame } from './frame.js';

export interface AcceptModel {
  /** What is left to accept, at least one. */
  agreements: AgreementModel[];
  /** In which they are shown. */
  language: string;
  accepted: { terms?: boolean; privacy?: boolean };
  errors: FieldErrors;
  /** `agreementOutdated`: a newer version was published since the page was shown. */
  problem?: string;
}

/** Asked at the login, before anything else: the new words, and whether the person goes along with them. */
export function AcceptPage({ page, model }: { page: PageContext; model: AcceptModel }) {
  const { t } = page;
  return (
    <AccountFrame
      page={page}
      area="consents"
      title={t('consents.accept.title')}
      lead={t('consents.accept.lead')}
      error={model.problem}
      scripts={['form-check']}
    >
      <ErrorSummary page={page} errors={model.errors} />
      <form class="card marked reading-width" method="post" action="/account/agreements/accept" data-check>
        <FormToken page={page} />
        <input type="hidden" name="language" value={model.language} />
        {model.agreements.map((agreement) => (
          <AgreementField key={agreement.document} page={page} model={model} agreement={agreement} open />
        ))}
        <button type="submit">{t('consents.accept.submit')}</button>
      </form>
      <section class="aside-card reading-width">
        <h2>{t('consents.decline.title')}</h2>
        <p>{t('consents.decline.text')}</p>
        <p>
          <a href="/account/export" download>
            {t('data.export.button')}
          </a>
        </p>
        <p>
          <a href="/account/delete">{t('data.delete.button')}</a>
        </p>
      </section>
    </AccountFrame>
  );
}
