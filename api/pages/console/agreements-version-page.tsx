import type { AgreementTexts } from '../../../db/agreement-drafts.js';
import type { ListedVersion } from '../../../db/agreement-versions.js';
import { AgreementText } from '../agreement-text.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { inOrder, Kinds, StartDraft } from './agreements-page.js';
import { ConsoleFrame, may } from './frame.js';

export interface AgreementVersionModel {
  version: ListedVersion & { texts: AgreementTexts };
  /** Masked. */
  acceptances: { userId: string; name: string; email: string; language: string; acceptedAt: string }[];
  /** Where the list goes on. */
  next?: string;
  isFirst: boolean;
}

interface PartProps {
  page: PageContext;
  model: AgreementVersionModel;
}

export function AgreementVersionPage({ page, model }: PartProps) {
  const { t } = page;
  const { version } = model;
  const title = `${t(`agreements.${version.document}`)}, ${t('agreements.version', { version: version.version })}`;
  return (
    <ConsoleFrame page={page} area="agreementsConsole" title={title} scripts={['local-time']}>
      <p>
        <a href="/console/agreements">{t('agreementsConsole.back')}</a>
      </p>
      <p class="lead">
        {t('agreementsConsole.publishedAt')} <LocalTime page={page} at={version.publishedAt.toISOString()} />{' '}
        <Kinds page={page} kinds={version.kinds} />
        {version.currentFor.length > 0 && <span class="tag tag-current">{t('agreementsConsole.current')}</span>}
      </p>
      <p class="muted">{t('agreementsConsole.immutable')}</p>
      <Texts page={page} texts={version.texts} />
      {may(page, 'admin') && <StartDraft page={page} from={version.id} document={version.document} />}
      <Acceptances page={page} model={model} />
    </ConsoleFrame>
  );
}

function Texts({ page: { t }, texts }: { page: PageContext; texts: AgreementTexts }) {
  return (
    <>
      {inOrder(texts).map(([language, { title, body }]) => (
        <details key={language} class="card text-details">
          <summary>{t('agreementsConsole.textIn', { language: t(`agreementsConsole.languages.${language}`) })}</summary>
          <article lang={language} class="reading-width">
            <h2>{title}</h2>
            <AgreementText body={body} heading="h3" />
          </article>
        </details>
      ))}
    </>
  );
}

function Acceptances({ page, model }: PartProps) {
  const { t } = page;
  const { version, acceptances, next, isFirst } = model;
  const path = `/console/agreements/versions/${version.id}`;
  return (
    <section class="console-section">
      <div class="section-head">
        <h2>{t('agreementsConsole.acceptedBy', { count: version.acceptances })}</h2>
        {may(page, 'admin') && version.acceptances > 0 && (
          <form method="post" action={`${path}/export`}>
            <FormToken page={page} />
            <button type="submit" class="outline" aria-describedby="export-hint">
              {t('agreementsConsole.export')}
            </button>
          </form>
        )}
      </div>
      {may(page, 'admin') && version.acceptances > 0 && (
        <p class="muted" id="export-hint">
          {t('agreementsConsole.exportHint')}
        </p>
      )}
      {acceptances.length > 0 && <AcceptanceTable page={page} acceptances={acceptances} />}
      <p class="row-actions">
        {!isFirst && <a href={path}>{t('agreementsConsole.first')}</a>}
        {next && <a href={`${path}?after=${next}`}>{t('agreementsConsole.older')}</a>}
      </p>
    </section>
  );
}

function AcceptanceTable({ page, acceptances }: { page: PageContext } & Pick<AgreementVersionModel, 'acceptances'>) {
  const { t } = page;
  const column = (name: string) => t(`agreementsConsole.columns.${name}`);
  return (
    <div class="card table-card">
      <table class="stacking">
        <thead>
          <tr>
            {['email', 'name', 'language', 'accepted'].map((name) => (
              <th key={name} scope="col">
                {column(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {acceptances.map(({ userId, email, name, language, acceptedAt }) => (
            <tr key={userId}>
              <th scope="row">{email}</th>
              <td data-label={column('name')}>{name}</td>
              <td data-label={column('language')}>{t(`agreementsConsole.languages.${language}`)}</td>
              <td data-label={column('accepted')}>
                <LocalTime page={page} at={acceptedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
