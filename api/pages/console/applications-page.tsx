import type { Application } from '../../../db/applications.js';
import type { PageContext } from '../models.js';
import { ConsoleFrame } from './frame.js';

export interface ApplicationsModel {
  applications: Application[];
  /** What every application is given to find the provider by. */
  issuer: string;
  done?: string;
}

export function ApplicationsPage({ page, model }: { page: PageContext; model: ApplicationsModel }) {
  const { t } = page;
  const { applications, issuer, done } = model;
  return (
    <ConsoleFrame
      page={page}
      area="applications"
      title={t('applications.title')}
      lead={t('applications.lead')}
      done={done}
    >
      <div class="section-head">
        <p>
          {t('applications.issuer')}: <code>{issuer}</code>
        </p>
        <a class="button" href="/console/applications/new">
          {t('applications.new')}
        </a>
      </div>
      {applications.length > 0 ? (
        <ApplicationTable page={page} applications={applications} />
      ) : (
        <p class="card">{t('applications.none')}</p>
      )}
    </ConsoleFrame>
  );
}

function ApplicationTable({ page: { t }, applications }: { page: PageContext; applications: Application[] }) {
  return (
    <div class="card table-card">
      <table class="stacking">
        <thead>
          <tr>
            <th scope="col">{t('applications.name')}</th>
            <th scope="col">{t('applications.clientId')}</th>
            <th scope="col">{t('applications.kind')}</th>
          </tr>
        </thead>
        <tbody>
          {applications.map(({ id, name, first_party, secret_hash, disabled_at }) => (
            <tr key={id}>
              <th scope="row">
                <a href={`/console/applications/${id}`}>{name}</a>{' '}
                {disabled_at && <span class="tag tag-attention">{t('applications.disabled')}</span>}
              </th>
              <td data-label={t('applications.clientId')}>
                <code>{id}</code>
              </td>
              <td data-label={t('applications.kind')}>
                {t(first_party ? 'applications.own' : 'applications.foreign')}
                {!secret_hash && `, ${t('applications.withoutSecret')}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
