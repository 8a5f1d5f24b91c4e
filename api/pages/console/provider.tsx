import { FormToken } from '../form-fields.js';
import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { ErrorLinks } from './error-links.js';
import { Input } from './fields.js';
import { ConsoleFrame, may } from './frame.js';
import { Styles } from './partners.js';
import { ProviderFacts } from './provider-facts.js';
import { ProviderForm } from './provider-form.js';
import { ProviderList } from './provider-list.js';
import { labelKey, type ProviderModel } from './provider-models.js';

export function ProviderPage({ page, model }: { page: PageContext; model: ProviderModel }) {
  const { t } = page;
  return (
    <ConsoleFrame
      page={page}
      area="provider"
      title={t('provider.title')}
      lead={t('provider.lead')}
      done={model.done}
      error={model.error}
      scripts={['local-time', 'file-text']}
      head={<Styles />}
    >
      <ErrorLinks page={page} errors={model.errors} label={(name) => t(labelKey(name))} />
      {model.engineAway && (
        <Notice kind="error">
          <p>{t('provider.engineAway')}</p>
        </Notice>
      )}
      {may(page, 'admin') ? <ProviderForm page={page} model={model} /> : <ProviderFacts page={page} model={model} />}
      {model.plugin === 'csv-file' && <ProviderList page={page} model={model} />}
      {may(page, 'operator') && <TestForm page={page} model={model} />}
    </ConsoleFrame>
  );
}

function TestForm({ page, model: { errors } }: { page: PageContext; model: ProviderModel }) {
  const { t } = page;
  return (
    <form class="card" method="post" action="/console/provider/tests" aria-labelledby="test">
      <h2 id="test">{t('provider.test')}</h2>
      <p class="muted">{t('provider.testLead')}</p>
      <FormToken page={page} />
      <Input page={page} name="code" label={t('provider.fields.code')} errors={errors} required />
      <button type="submit" class="outline">
        {t('provider.testSubmit')}
      </button>
    </form>
  );
}
