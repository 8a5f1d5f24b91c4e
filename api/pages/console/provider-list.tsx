import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { TextArea } from './fields.js';
import { may } from './frame.js';
import type { ProviderModel } from './provider-models.js';

/** Of a list that is wrong throughout, the first are enough. */
const mostFaults = 50;

/** The uploaded list of the plugin csv-file. A script fills the text area from a file; without it, one pastes. */
export function ProviderList({ page, model }: { page: PageContext; model: ProviderModel }) {
  const { t } = page;
  const { rows, uploadedAt } = model.summary;
  return (
    <section class="card" aria-labelledby="partner-list">
      <h2 id="partner-list">{t('provider.list')}</h2>
      <p>
        {t('provider.listRows', { count: rows })}{' '}
        {uploadedAt && (
          <>
            {t('provider.listUploaded')} <LocalTime page={page} at={uploadedAt} />
          </>
        )}
      </p>
      {model.list && <Faults page={page} errors={model.list.errors} />}
      {may(page, 'admin') && <UploadForm page={page} model={model} />}
    </section>
  );
}

function Faults({ page: { t }, errors }: { page: PageContext; errors: { line: number; code: string }[] }) {
  if (errors.length === 0) return null;
  return (
    <Notice kind="error">
      <p>{t('provider.listRefused')}</p>
      <ul>
        {errors.slice(0, mostFaults).map(({ line, code }) => (
          <li key={`${line}-${code}`}>{t('provider.listFault', { line, words: t(`provider.listErrors.${code}`) })}</li>
        ))}
      </ul>
      {errors.length > mostFaults && <p>{t('provider.moreFaults', { count: errors.length - mostFaults })}</p>}
    </Notice>
  );
}

function UploadForm({ page, model }: { page: PageContext; model: ProviderModel }) {
  const { t } = page;
  return (
    <form method="post" action="/console/provider/list">
      <FormToken page={page} />
      <input type="hidden" name="version" value={model.version} />
      <div class="field" hidden data-file-box>
        <label for="list-file">{t('provider.listFile')}</label>
        {/* Without a name: it is the text that is sent. */}
        <input type="file" id="list-file" accept=".csv,text/csv,text/plain" data-file-into="list" />
        <p class="field-error" role="status" data-too-large={t('provider.listTooLarge')} />
      </div>
      <TextArea
        page={page}
        name="list"
        rows={8}
        required
        label={t('provider.fields.list')}
        hint={t('provider.hints.list')}
        value={model.list?.text}
      />
      <button type="submit" class="outline">
        {t('provider.listSubmit')}
      </button>
    </form>
  );
}
