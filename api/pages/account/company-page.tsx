import { ErrorSummary, FormToken } from '../form-fields.js';
import type { PageContext, RegistrationPageModel } from '../models.js';
import { CompanyFields } from '../registration-sections.js';
import { AccountFrame } from './frame.js';

export interface CompanyModel extends Pick<RegistrationPageModel, 'answers' | 'countries' | 'errors'> {
  /** What the form was made from, for the lock (security.md C19). */
  version: string;
  error?: string;
  done?: string;
}

/** The company data, for administrators. */
export function CompanyPage({ page, model }: { page: PageContext; model: CompanyModel }) {
  const { t } = page;
  return (
    <AccountFrame
      page={page}
      area="company"
      title={t('company.title')}
      lead={t('company.lead')}
      done={model.done}
      error={model.error}
      scripts={['form-check']}
    >
      <ErrorSummary page={page} errors={model.errors} />
      <form class="card marked reading-width" method="post" action="/account/company" data-check>
        <FormToken page={page} />
        <input type="hidden" name="version" value={model.version} />
        <p class="required-note">{t('common.requiredNote')}</p>
        <div class="form-grid">
          <CompanyFields page={page} model={model} />
        </div>
        <div class="actions">
          <button type="submit">{t('company.submit')}</button>
        </div>
      </form>
    </AccountFrame>
  );
}
