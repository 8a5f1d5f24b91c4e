import type { AgreementDraft, AgreementTexts } from '../../../db/agreement-drafts.js';
import type { ListedVersion } from '../../../db/agreement-versions.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { ConsoleFrame, may } from './frame.js';

export interface AgreementsModel {
  versions: ListedVersion[];
  drafts: AgreementDraft[];
  done?: string;
}

const documents = ['terms', 'privacy'] as const;

export function AgreementsPage({ page, model }: { page: PageContext; model: AgreementsModel }) {
  const { t } = page;
  return (
    <ConsoleFrame
      page={page}
      area="agreementsConsole"
      title={t('agreementsConsole.title')}
      lead={t('agreementsConsole.lead')}
      done={model.done}
      scripts={['local-time']}
    >
      {model.drafts.length > 0 && <Drafts page={page} drafts={model.drafts} />}
      {documents.map((document) => {
        const versions = model.versions.filter((version) => version.document === document);
        return (
          <section key={document} class="console-section">
            <div class="section-head">
              <h2>{t(`agreements.${document}`)}</h2>
              {may(page, 'admin') && versions[0] && (
                <StartDraft page={page} from={versions[0].id} document={document} />
              )}
            </div>
            <VersionTable page={page} versions={versions} />
          </section>
        );
      })}
    </ConsoleFrame>
  );
}

export function StartDraft({
  page,
  from,
  document,
}: {
  page: PageContext;
  from: string;
  document: 'terms' | 'privacy';
}) {
  const { t } = page;
  return (
    <form method="post" action="/console/agreements/drafts">
      <FormToken page={page} />
      <input type="hidden" name="from" value={from} />
      <button type="submit" class="outline compact">
        {t('agreementsConsole.newDraft')}
        <span class="visually-hidden">: {t(`agreements.${document}`)}</span>
      </button>
    </form>
  );
}

function Drafts({ page, drafts }: { page: PageContext; drafts: AgreementDraft[] }) {
  const { t } = page;
  return (
    <section class="console-section">
      <h2>{t('agreementsConsole.drafts')}</h2>
      <ul class="card plain-list draft-list">
        {drafts.map(({ id, document, kinds, updatedAt }) => (
          <li key={id}>
            <div>
              <strong>{t(`agreements.${document}`)}</strong> <Kinds page={page} kinds={kinds} />
              <span class="muted line">
                {t('agreementsConsole.changedAt')} <LocalTime page={page} at={updatedAt.toISOString()} />
              </span>
            </div>
            <p class="row-actions">
              {may(page, 'admin') && (
                <a href={`/console/agreements/drafts/${id}`}>
                  {t('agreementsConsole.edit')}
                  <span class="visually-hidden">: {t(`agreements.${document}`)}</span>
                </a>
              )}
              <a href={`/console/agreements/drafts/${id}/preview`}>
                {t('agreementsConsole.preview')}
                <span class="visually-hidden">: {t(`agreements.${document}`)}</span>
              </a>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

export const Kinds = ({ page: { t }, kinds }: { page: PageContext; kinds: string[] }) => (
  <>
    {kinds.map((kind) => (
      <span key={kind} class="tag">
        {t(`agreementsConsole.kinds.${kind}`)}
      </span>
    ))}
  </>
);

function VersionTable({ page, versions }: { page: PageContext; versions: ListedVersion[] }) {
  const { t } = page;
  const column = (name: string) => t(`agreementsConsole.columns.${name}`);
  return (
    <div class="card table-card">
      <table class="stacking">
        <thead>
          <tr>
            {['version', 'kinds', 'languages', 'published'].map((name) => (
              <th key={name} scope="col">
                {column(name)}
              </th>
            ))}
            <th scope="col" class="number">
              {column('acceptances')}
            </th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ id, version, kinds, languages, publishedAt, acceptances, currentFor }) => (
            <tr key={id}>
              <th scope="row">
                <a href={`/console/agreements/versions/${id}`}>{t('agreements.version', { version })}</a>{' '}
                {currentFor.length > 0 && <span class="tag tag-current">{t('agreementsConsole.current')}</span>}
              </th>
              <td data-label={column('kinds')}>
                <span>
                  <Kinds page={page} kinds={kinds} />
                </span>
              </td>
              <td data-label={column('languages')}>
                {languages.map((code) => t(`agreementsConsole.languages.${code}`)).join(', ')}
              </td>
              <td data-label={column('published')}>
                <LocalTime page={page} at={publishedAt.toISOString()} />
              </td>
              <td class="number" data-label={column('acceptances')}>
                {acceptances}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** English first, for it is the one that everybody gets whose language is missing. */
export const inOrder = (texts: AgreementTexts) =>
  Object.entries(texts).toSorted(([one], [other]) => Number(other === 'en') - Number(one === 'en'));
