import { Select } from '../console/fields.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { FieldErrors, PageContext } from '../models.js';
import { AccountFrame } from './frame.js';

export interface JoinRequestModel {
  id: string;
  name: string;
  email: string;
  expiresAt: string;
  userTypes: { id: string; name: string }[];
  errors: FieldErrors;
  error?: string;
}

/** Who asks to be let in; looking at it changes nothing. */
export function JoinRequestPage({ page, model }: { page: PageContext; model: JoinRequestModel }) {
  const { t } = page;
  const { id, name, email, expiresAt, userTypes, errors, error } = model;
  const action = `/account/join-requests/${id}`;
  return (
    <AccountFrame
      page={page}
      area="members"
      title={t('joinRequest.title')}
      lead={t('joinRequest.lead')}
      error={error}
      failed={Object.keys(errors).length > 0}
      scripts={['local-time']}
    >
      <section class="card" aria-labelledby="who">
        <h2 id="who">{t('joinRequest.who')}</h2>
        <dl class="record-facts">
          <div>
            <dt>{t('joinRequest.name')}</dt>
            <dd>{name}</dd>
          </div>
          <div>
            <dt>{t('fields.email')}</dt>
            <dd>{email}</dd>
          </div>
          <div>
            <dt>{t('joinRequest.until')}</dt>
            <dd>
              <LocalTime page={page} at={expiresAt} />
            </dd>
          </div>
        </dl>
        <p class="muted">{t('joinRequest.proof')}</p>
      </section>
      <form class="card form-section" method="post" action={`${action}/approve`}>
        <FormToken page={page} />
        <h2>{t('joinRequest.approveTitle')}</h2>
        <Select
          page={page}
          name="userTypeId"
          label={t('members.userType')}
          options={[['', t('joinRequest.choose')], ...userTypes.map(({ id, name }) => [id, name] as [string, string])]}
          errors={errors}
          hint={t('joinRequest.typeHint')}
        />
        <div class="actions">
          <button type="submit">{t('joinRequest.approve')}</button>
        </div>
      </form>
      <form class="card form-section" method="post" action={`${action}/decline`}>
        <FormToken page={page} />
        <h2>{t('joinRequest.declineTitle')}</h2>
        <p class="muted">{t('joinRequest.declineLead')}</p>
        <div class="actions">
          <button type="submit" class="outline warning">
            {t('joinRequest.decline')}
          </button>
        </div>
      </form>
    </AccountFrame>
  );
}
