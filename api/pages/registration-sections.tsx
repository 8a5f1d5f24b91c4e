import type { ComponentChildren } from 'preact';
import { AgreementText } from './agreement-text.js';
import { controlAttributes, FieldError, PasswordField, RequiredMark, SelectField, TextField } from './form-fields.js';
import type { AgreementModel, PageContext, RegistrationPageModel } from './models.js';

interface SectionProps {
  page: PageContext;
  model: RegistrationPageModel;
}

/** Shown where the other kind may register, too. The change is a form's button: it keeps what was typed, without script. */
export function KindSwitch({ page: { t }, model: { kind, switchable } }: SectionProps) {
  if (!switchable) return null;
  return (
    <div class="kind-switch">
      {/* The Enter key takes a form's first button: it must create the account, as if this part were not here. */}
      <button type="submit" class="visually-hidden" tabIndex={-1} aria-hidden="true" />
      <p>{t(`registration.kind.${kind}`)}</p>
      <button type="submit" class="as-link" name="action" value="switch" formNoValidate>
        {t(`registration.switch.${kind}`)}
      </button>
    </div>
  );
}

/** What the inviter has decided is told, not asked (security.md A8). */
export function InvitationSection({ page: { t }, model: { invitation } }: SectionProps) {
  if (!invitation) return null;
  const { organisation, invitedBy } = invitation;
  return (
    <section class="card form-section" aria-labelledby="invitation-title">
      <div class="form-section-head">
        <h2 id="invitation-title">{t('registration.invitation')}</h2>
        <p class="muted">{t('registration.invitationLead')}</p>
      </div>
      <dl class="invitation-facts">
        <div>
          <dt>{t('registration.invitedInto')}</dt>
          <dd>{organisation}</dd>
        </div>
        {invitedBy && (
          <div>
            <dt>{t('registration.invitedBy')}</dt>
            <dd>{invitedBy}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

/** Of a partner that the OEM knows already: the code says which, so nothing about the company is asked. */
export function PartnerCodeSection({ page, model: { answers, errors } }: SectionProps) {
  const { t } = page;
  return (
    <Section id="partner" title={t('registration.partner')} lead={t('registration.partnerLead')}>
      <TextField
        page={page}
        errors={errors}
        answer
        name="partnerCode"
        value={answers.partnerCode}
        autocomplete="off"
        hint={t('registration.partnerCodeHint')}
      />
    </Section>
  );
}

export function CompanySection({ page, model }: SectionProps) {
  const { t } = page;
  return (
    <Section id="company" title={t('registration.company')} lead={t(`registration.companyLead.${model.kind}`)}>
      {model.kind === 'customer' && (
        <p class="field">
          {t('registration.companyKnown')}{' '}
          <a href={`/register/${encodeURIComponent(model.token)}/join`}>{t('registration.askToJoin')}</a>
        </p>
      )}
      <CompanyFields page={page} model={model} />
    </Section>
  );
}

/** Also on the page where administrators change them. */
export function CompanyFields({
  page,
  model: { answers, countries, errors },
}: {
  page: PageContext;
  model: Pick<RegistrationPageModel, 'answers' | 'countries' | 'errors'>;
}) {
  const { t } = page;
  const field = { page, errors, answer: true };
  return (
    <>
      <TextField {...field} name="companyName" value={answers.companyName} autocomplete="organization" />
      <TextField {...field} name="companyStreet" value={answers.companyStreet} autocomplete="street-address" />
      <TextField
        {...field}
        name="companyPostalCode"
        value={answers.companyPostalCode}
        autocomplete="postal-code"
        class="third"
      />
      <TextField
        {...field}
        name="companyCity"
        value={answers.companyCity}
        autocomplete="address-level2"
        class="two-thirds"
      />
      <SelectField
        page={page}
        errors={errors}
        name="companyCountry"
        value={answers.companyCountry}
        autocomplete="country"
        choose={t('registration.countryChoose')}
        options={countries.map(({ code, name }) => [code, name])}
      />
      <TextField
        {...field}
        name="companyVatNumber"
        value={answers.companyVatNumber}
        autocomplete="off"
        optional
        hint={t('registration.vatHint')}
      />
    </>
  );
}

export function YouSection({ page, model: { kind, answers, errors } }: SectionProps) {
  const { t } = page;
  const field = { page, errors, answer: true };
  return (
    <Section id="you" title={t('registration.you')} lead={t(`registration.youLead.${kind}`)}>
      <TextField {...field} name="givenName" value={answers.givenName} autocomplete="given-name" class="half" />
      <TextField {...field} name="familyName" value={answers.familyName} autocomplete="family-name" class="half" />
      <TextField
        {...field}
        name="phone"
        type="tel"
        inputMode="tel"
        value={answers.phone}
        autocomplete="tel"
        optional
        hint={t('registration.phoneHint')}
      />
    </Section>
  );
}

/** `again`: the page is shown once more after it was sent, so the password is missing although it was typed. */
export function PasswordSection({ page, model, again }: SectionProps & { again: boolean }) {
  const { t } = page;
  const minimum = model.passwordMinimum;
  return (
    <Section id="password-section" title={t('registration.passwordTitle')} lead={t('registration.passwordLead')}>
      <ProvenEmail page={page} email={model.email} />
      {again && !model.errors.password && <p class="field password-again">{t('registration.passwordAgain')}</p>}
      <PasswordField
        page={page}
        name="password"
        autocomplete="new-password"
        minimum={minimum}
        errors={model.errors}
        errorVariables={{ minimum }}
        hint={t('registration.passwordHint', { minimum })}
      />
    </Section>
  );
}

/** Without a name, so that it is not sent; a control all the same, so that password managers learn the account's name. */
function ProvenEmail({ page, email }: { page: PageContext; email: string }) {
  const { t } = page;
  return (
    <div class="field">
      <label for="email">{t('fields.email')}</label>
      <p class="field-hint" id="email-hint">
        {t('registration.emailHint')}
      </p>
      <input id="email" type="email" value={email} readOnly autocomplete="username" aria-describedby="email-hint" />
    </div>
  );
}

export function AgreementsSection({ page, model }: SectionProps) {
  const { t } = page;
  return (
    <Section id="agreements" title={t('registration.agreements')} lead={t('registration.agreementsLead')}>
      {model.agreements.map((agreement) => (
        <AgreementField key={agreement.document} page={page} model={model} agreement={agreement} />
      ))}
    </Section>
  );
}

interface AgreementProps {
  page: PageContext;
  model: Pick<RegistrationPageModel, 'errors' | 'accepted'>;
  agreement: AgreementModel;
  /** The text is shown, not only offered. */
  open?: boolean;
}

export function AgreementField({ page, model, agreement, open }: AgreementProps) {
  const { t } = page;
  const { document, versionId, version, title, body } = agreement;
  const field = { page, name: document, errors: model.errors };
  return (
    <div class="field agreement">
      <label class="choice">
        <input
          {...controlAttributes(field)}
          type="checkbox"
          name={document}
          value={versionId}
          checked={Boolean(model.accepted[document])}
          data-words-missing={t('fieldErrors.mustAccept')}
        />
        <span>
          {t(`registration.accept.${document}`)}
          <RequiredMark />
        </span>
      </label>
      <FieldError {...field} />
      <details open={open}>
        <summary>{t(`registration.read.${document}`, { version })}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
        <section class="agreement-text" aria-label={title} tabIndex={0}>
          <AgreementText body={body} heading={open ? 'h2' : 'h3'} />
        </section>
        <a
          class="own-page"
          href={`/agreements/${document}?version=${encodeURIComponent(versionId)}`}
          target="_blank"
          rel="noopener"
        >
          {t('registration.ownPage')}
          <span class="visually-hidden"> ({t('common.opensNewTab')})</span>
        </a>
      </details>
    </div>
  );
}

interface SectionFrame {
  id: string;
  title: string;
  lead: string;
  children: ComponentChildren;
}

function Section({ id, title, lead, children }: SectionFrame) {
  return (
    <section class="card form-section" aria-labelledby={`${id}-title`}>
      <div class="form-section-head">
        <h2 id={`${id}-title`}>{title}</h2>
        <p class="muted">{lead}</p>
      </div>
      <div class="form-grid">{children}</div>
    </section>
  );
}
