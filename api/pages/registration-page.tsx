import { ErrorSummary, FormToken } from './form-fields.js';
import { Journey, Reference } from './journey.js';
import { Layout } from './layout.js';
import { LocalTime } from './local-time.js';
import type { PageContext, RegistrationPageModel } from './models.js';
import { FormError, Notice } from './notice.js';
import {
  AgreementsSection,
  CompanySection,
  InvitationSection,
  KindSwitch,
  PartnerCodeSection,
  PasswordSection,
  YouSection,
} from './registration-sections.js';

/**
 * One form, sent in one request, so that it works without script. Drawing it changes nothing: the mailbox counts as
 * proven with the first real input, never with the opening of the link (security.md T4).
 */
export function RegistrationPage({ page, model }: { page: PageContext; model: RegistrationPageModel }) {
  const { t } = page;
  const action = `/register/${encodeURIComponent(model.token)}`;
  const failed = Boolean(model.problem) || Object.keys(model.errors).length > 0;
  return (
    <Layout
      page={page}
      title={t('registration.title')}
      failed={failed}
      scripts={['form-check', 'password-field', 'autosave', 'local-time']}
    >
      <Journey page={page} current="details" aside={<Aside page={page} model={model} action={action} />}>
        <h1>{t('registration.title')}</h1>
        <p class="lead with-script">{t('registration.lead')}</p>
        <p class="lead without-script">{t('registration.leadWithoutScript')}</p>
        {model.savedAt && !failed && <SavedNotice page={page} savedAt={model.savedAt} />}
        <FormError page={page} error={model.problem} seconds={model.seconds} />
        <ErrorSummary page={page} errors={model.errors} errorVariables={{ minimum: model.passwordMinimum }} />
        <form class="marked" method="post" action={action} data-check data-draft-url={`${action}/draft`}>
          <FormToken page={page} />
          <input type="hidden" name="idempotencyKey" value={model.idempotencyKey} />
          <p class="required-note">{t('common.requiredNote')}</p>
          {model.kind !== 'invited' && <input type="hidden" name="kind" value={model.kind} />}
          <KindSwitch page={page} model={model} />
          {model.asked === 'code' && <PartnerCodeSection page={page} model={model} />}
          {model.asked === 'company' && <CompanySection page={page} model={model} />}
          <InvitationSection page={page} model={model} />
          <YouSection page={page} model={model} />
          <PasswordSection page={page} model={model} again={failed && model.problem !== 'onboardingClosed'} />
          <AgreementsSection page={page} model={model} />
          <Actions page={page} />
          <SaveStatus page={page} />
        </form>
      </Journey>
    </Layout>
  );
}

/** "Create account" comes first: the Enter key takes the first button, and must never save where it should create. */
function Actions({ page: { t } }: { page: PageContext }) {
  return (
    <div class="actions">
      <button type="submit">{t('registration.submit')}</button>
      <p class="muted">{t('registration.submitHint')}</p>
      <button type="submit" class="outline" name="action" value="save" formNoValidate>
        {t('registration.save')}
      </button>
    </div>
  );
}

/** Filled by the autosave script; in the form itself, so that it stays in sight wherever the person types. */
const SaveStatus = ({ page: { t } }: { page: PageContext }) => (
  <p
    class="save-status"
    role="status"
    data-save-status
    data-saved={t('registration.saved')}
    data-not-saved={t('registration.notSaved')}
    data-stopped={t('registration.saveStopped')}
  />
);

function SavedNotice({ page, savedAt }: { page: PageContext; savedAt: string }) {
  const { t } = page;
  return (
    <Notice kind="success">
      <p>
        <strong>{t('registration.savedNotice')}</strong> {t('registration.savedText')}
      </p>
      <p class="muted">
        {t('registration.savedAt')} <LocalTime page={page} at={savedAt} />
      </p>
    </Notice>
  );
}

function Aside({ page, model, action }: { page: PageContext; model: RegistrationPageModel; action: string }) {
  const { t } = page;
  return (
    <div class="journey-aside">
      <Reference page={page} reference={model.reference} />
      <p>
        {t('registration.expires')} <LocalTime page={page} at={model.expiresAt} />
      </p>
      <p>
        {t('registration.notYou')}{' '}
        <a href={`${action}/cancel`}>{t(model.kind === 'invited' ? 'registration.decline' : 'registration.cancel')}</a>
      </p>
    </div>
  );
}
