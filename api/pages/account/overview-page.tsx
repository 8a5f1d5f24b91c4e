import type { ComponentChildren } from 'preact';
import { countryName } from '../../formats.js';
import { LocalTime } from '../local-time.js';
import type { AccountModel, PageContext } from '../models.js';
import { AccountFrame } from './frame.js';

interface PartProps {
  page: PageContext;
  model: AccountModel;
}

export function AccountPage({ page, model }: PartProps) {
  const { t } = page;
  return (
    <AccountFrame
      page={page}
      area="overview"
      title={t('account.welcome', { name: `${model.givenName} ${model.familyName}` })}
      scripts={['local-time']}
    >
      <div class="account-grid">
        <Person page={page} model={model} />
        <Company page={page} model={model} />
        <Access page={page} model={model} />
        <Consents page={page} model={model} />
      </div>
    </AccountFrame>
  );
}

function Person({ page: { t }, model }: PartProps) {
  return (
    <section class="card">
      <h2>{t('account.you')}</h2>
      <dl>
        <Fact name={t('account.name')}>{`${model.givenName} ${model.familyName}`}</Fact>
        <Fact name={t('fields.email')}>{model.email}</Fact>
        {model.phone && <Fact name={t('fields.phone')}>{model.phone}</Fact>}
      </dl>
      <p class="card-link">
        <a href="/account/profile">{t('account.editProfile')}</a>
      </p>
    </section>
  );
}

function Company({ page, model: { company } }: PartProps) {
  const { t } = page;
  const place = [company.postalCode, company.city].filter(Boolean).join(' ');
  const country = company.country && countryOrCode(page.language, company.country);
  const lines = [company.street, place, country].filter(Boolean);
  return (
    <section class="card">
      <h2>{t('account.company')}</h2>
      <dl>
        <Fact name={t('account.name')}>{company.name}</Fact>
        {lines.length > 0 && (
          <Fact name={t('account.address')}>
            {lines.map((line) => (
              <span key={line} class="line">
                {line}
              </span>
            ))}
          </Fact>
        )}
        {company.vatNumber && <Fact name={t('fields.companyVatNumber')}>{company.vatNumber}</Fact>}
      </dl>
      {page.signedIn?.isAdministrator && (
        <p class="card-link">
          <a href="/account/company">{t('account.changeCompany')}</a>
        </p>
      )}
    </section>
  );
}

function Access({ page: { t }, model }: PartProps) {
  return (
    <section class="card">
      <h2>{t('account.access')}</h2>
      {model.permissions.length === 0 && <p>{t('account.noPermissions')}</p>}
      <ul class="permissions">
        {model.permissions.map((permission) => (
          <li key={permission}>
            <span class="icon icon-check" aria-hidden="true" />
            {t(`permissions.${permission}`, { defaultValue: permission })}
          </li>
        ))}
      </ul>
      <dl>
        <Fact name={t('account.userType')}>{model.userType}</Fact>
      </dl>
    </section>
  );
}

function Consents({ page, model }: PartProps) {
  const { t } = page;
  return (
    <section class="card">
      <h2>{t('account.agreements')}</h2>
      <ul class="consents">
        {inOrder(model.consents).map(({ document, version, acceptedAt, versionId, language }) => (
          <li key={versionId}>
            <a href={`/agreements/${document}?${new URLSearchParams({ version: versionId, language })}`}>
              {t(`agreements.${document}`)}
            </a>
            <span class="muted">
              {t('agreements.version', { version })}, {t('account.acceptedAt')}{' '}
              <LocalTime page={page} at={acceptedAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** As the registration page asked for them. */
const inOrder = (consents: AccountModel['consents']) =>
  consents.toSorted((one, other) => Number(one.document === 'privacy') - Number(other.document === 'privacy'));

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

/** The country is kept as its ISO code; anything else is shown as it stands rather than hidden. */
function countryOrCode(language: string, code: string): string {
  return /^[A-Z]{2}$/.test(code) ? countryName(language, code) : code;
}
