import { countryName } from '../../formats.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { FieldErrors, PageContext } from '../models.js';
import { ConsoleFrame, may } from './frame.js';
import { CodeForm, type CodeRow, CodeTable } from './partner-codes.js';
import { Styles } from './partners.js';

export interface PartnerModel {
  id: string;
  name: string;
  street: string | null;
  postalCode: string | null;
  city: string | null;
  country: string | null;
  vatNumber: string | null;
  externalId: string | null;
  origin: string;
  parent?: { id: string; name: string };
  createdAt: string;
  disabledAt?: string;
  users: { id: string; email: string; userType: string; codeLabel: string | null; disabled: boolean; since: string }[];
  userTotal: number;
  codes: CodeRow[];
  /** Makes a code once, however often its form is sent. */
  newCodeId: string;
  defaultExpiry: string;
  /** What was typed into the form for a new code. */
  values: Record<string, string | undefined>;
  errors: FieldErrors;
  error?: string;
  done?: string;
}

export function PartnerPage({ page, model }: { page: PageContext; model: PartnerModel }) {
  const { t } = page;
  return (
    <ConsoleFrame
      page={page}
      area="partners"
      title={model.name}
      lead={model.disabledAt && <span class="tag tag-attention">{t('partners.disabled')}</span>}
      done={model.done}
      error={model.error}
      scripts={['local-time']}
      head={<Styles />}
    >
      <Company page={page} model={model} />
      <section aria-labelledby="codes">
        <h2 id="codes">{t('partners.codes')}</h2>
        <p class="muted">{t('partners.codesLead')}</p>
        <CodeTable page={page} partnerId={model.id} codes={model.codes} disabled={Boolean(model.disabledAt)} />
        {may(page, 'admin') && !model.disabledAt && <CodeForm page={page} model={model} />}
      </section>
      <Users page={page} model={model} />
      {may(page, 'admin') && <DisableForm page={page} model={model} />}
    </ConsoleFrame>
  );
}

function Company({ page, model }: { page: PageContext; model: PartnerModel }) {
  const { t, language } = page;
  const country = model.country && countryName(language, model.country);
  const town = [model.postalCode, model.city].filter(Boolean).join(' ');
  const address = [model.street, town, country].filter(Boolean);
  return (
    <section class="card" aria-labelledby="company">
      <h2 id="company">{t('partners.company')}</h2>
      <dl class="facts">
        <Fact label={t('partners.address')}>
          {address.length > 0 ? address.map((line) => <span class="line">{line}</span>) : '–'}
        </Fact>
        <Fact label={t('partners.fields.vatNumber')}>{model.vatNumber ?? '–'}</Fact>
        <Fact label={t('partners.fields.externalId')}>{model.externalId ?? '–'}</Fact>
        <Fact label={t('partners.fields.parentId')}>
          {model.parent ? (
            <a href={`/console/partners/${model.parent.id}`}>{model.parent.name}</a>
          ) : (
            t('partners.noParent')
          )}
        </Fact>
        <Fact label={t('partners.origin')}>{t(`partners.origins.${model.origin}`)}</Fact>
        <Fact label={t('partners.since')}>
          <LocalTime page={page} at={model.createdAt} />
        </Fact>
        {model.disabledAt && (
          <Fact label={t('partners.disabledSince')}>
            <LocalTime page={page} at={model.disabledAt} />
          </Fact>
        )}
      </dl>
      {may(page, 'admin') && (
        <a class="button outline" href={`/console/partners/${model.id}/edit`}>
          {t('partners.edit')}
        </a>
      )}
    </section>
  );
}

const Fact = ({ label, children }: { label: string; children: preact.ComponentChildren }) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

function Users({ page, model: { users, userTotal } }: { page: PageContext; model: PartnerModel }) {
  const { t } = page;
  return (
    <section aria-labelledby="users">
      <h2 id="users">{t('partners.usersTitle', { count: userTotal })}</h2>
      {users.length === 0 ? (
        <p class="muted">{t('partners.noUsers')}</p>
      ) : (
        <div class="card table-card">
          <table class="stacking">
            <thead>
              <tr>
                <th scope="col">{t('partners.email')}</th>
                <th scope="col">{t('partners.userType')}</th>
                <th scope="col">{t('partners.joinedWith')}</th>
                <th scope="col">{t('partners.since')}</th>
              </tr>
            </thead>
            <tbody>
              {users.map(({ id, email, userType, codeLabel, disabled, since }) => (
                <tr key={id}>
                  <th scope="row">
                    {email} {disabled && <span class="tag tag-attention">{t('partners.disabled')}</span>}
                  </th>
                  <td data-label={t('partners.userType')}>{userType}</td>
                  <td data-label={t('partners.joinedWith')}>{codeLabel ?? '–'}</td>
                  <td data-label={t('partners.since')}>
                    <LocalTime page={page} at={since} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {userTotal > users.length && <p class="muted">{t('partners.newestUsers', { count: users.length })}</p>}
    </section>
  );
}

function DisableForm({ page, model: { id, disabledAt } }: { page: PageContext; model: PartnerModel }) {
  const { t } = page;
  const verb = disabledAt ? 'enable' : 'disable';
  return (
    <section class="card" aria-labelledby="disable">
      <h2 id="disable">{t(`partners.${verb}Title`)}</h2>
      <p>{t(`partners.${verb}Text`)}</p>
      <form method="post" action={`/console/partners/${id}/${verb}`}>
        <FormToken page={page} />
        <button type="submit" class={disabledAt ? 'outline' : 'danger'}>
          {t(`partners.${verb}`)}
        </button>
      </form>
    </section>
  );
}
