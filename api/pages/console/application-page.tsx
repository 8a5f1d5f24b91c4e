import type { Application } from '../../../db/applications.js';
import { FormToken } from '../form-fields.js';
import type { FieldErrors, PageContext } from '../models.js';
import { Check, Input, TextArea } from './fields.js';
import { ConsoleFrame } from './frame.js';
import { Styles } from './partners.js';

export interface ApplicationPageModel {
  /** Absent while it is being made. */
  application?: Application;
  /** Of a form that makes a new secret: sent twice, it makes one. */
  nonce?: string;
  issuer?: string;
  form: Partial<Record<string, string>>;
  errors: FieldErrors;
  error?: string;
  done?: string;
}

interface PartProps {
  page: PageContext;
  model: ApplicationPageModel;
}

export function ApplicationPage({ page, model }: PartProps) {
  const { t } = page;
  const { application, error, done } = model;
  return (
    <ConsoleFrame
      page={page}
      area="applications"
      title={application?.name ?? t('applications.new')}
      error={error}
      done={done}
      head={<Styles />}
    >
      <p>
        <a href="/console/applications">{t('applications.back')}</a>
      </p>
      {application && <Facts page={page} application={application} issuer={model.issuer} />}
      <ApplicationForm page={page} model={model} />
      {application && <Secret page={page} application={application} nonce={model.nonce} />}
      {application && <Switch page={page} application={application} />}
    </ConsoleFrame>
  );
}

interface OneProps {
  page: PageContext;
  application: Application;
}

function Facts({ page: { t }, application, issuer }: OneProps & { issuer?: string }) {
  return (
    <dl class="facts">
      <div>
        <dt>{t('applications.issuer')}</dt>
        <dd>
          <code>{issuer}</code>
        </dd>
      </div>
      <div>
        <dt>{t('applications.clientId')}</dt>
        <dd>
          <code>{application.id}</code>{' '}
          {application.disabled_at && <span class="tag tag-attention">{t('applications.disabled')}</span>}
        </dd>
      </div>
    </dl>
  );
}

function ApplicationForm({ page, model }: PartProps) {
  const { t } = page;
  const { application, form, errors } = model;
  const { id, version, name, redirectUris, postLogoutRedirectUris, firstParty, isPublic } = form;
  const shared = { page, errors };
  return (
    <form
      class="card form-section reading-width"
      method="post"
      action={application ? `/console/applications/${application.id}` : '/console/applications/new'}
    >
      <FormToken page={page} />
      {application ? (
        <input type="hidden" name="version" value={version} />
      ) : (
        <input type="hidden" name="id" value={id} />
      )}
      <Input
        {...shared}
        name="name"
        label={t('applications.name')}
        hint={t('applications.nameHint')}
        value={name}
        required
      />
      <TextArea
        {...shared}
        name="redirectUris"
        label={t('applications.redirectUris')}
        hint={t('applications.redirectUrisHint')}
        value={redirectUris}
        rows={3}
        required
      />
      <TextArea
        {...shared}
        name="postLogoutRedirectUris"
        label={t('applications.postLogoutRedirectUris')}
        hint={t('applications.postLogoutRedirectUrisHint')}
        value={postLogoutRedirectUris}
        rows={2}
      />
      <Check
        {...shared}
        name="firstParty"
        label={t('applications.firstParty')}
        hint={t('applications.firstPartyHint')}
        checked={firstParty === 'on'}
      />
      {!application && (
        <Check
          {...shared}
          name="isPublic"
          label={t('applications.isPublic')}
          hint={t('applications.isPublicHint')}
          checked={isPublic === 'on'}
        />
      )}
      <button type="submit">{t(application ? 'applications.save' : 'applications.create')}</button>
    </form>
  );
}

function Secret({ page, application, nonce }: OneProps & { nonce?: string }) {
  const { t } = page;
  return (
    <section class="aside-card reading-width">
      <h2>{t('applications.secret')}</h2>
      {application.secret_hash ? (
        <form method="post" action={`/console/applications/${application.id}/secret`}>
          <FormToken page={page} />
          <input type="hidden" name="version" value={application.version} />
          <input type="hidden" name="nonce" value={nonce} />
          <p>{t('applications.renewText')}</p>
          <button type="submit" class="outline compact">
            {t('applications.renew')}
          </button>
        </form>
      ) : (
        <p>{t('applications.noSecret')}</p>
      )}
    </section>
  );
}

function Switch({ page, application }: OneProps) {
  const { t } = page;
  const action = application.disabled_at ? 'enable' : 'disable';
  return (
    <section class="aside-card reading-width">
      <h2>{t(`applications.${action}Title`)}</h2>
      <form method="post" action={`/console/applications/${application.id}/${action}`}>
        <FormToken page={page} />
        <p>{t(`applications.${action}Text`)}</p>
        <button type="submit" class={action === 'disable' ? 'danger compact' : 'outline compact'}>
          {t(`applications.${action}`)}
        </button>
      </form>
    </section>
  );
}
