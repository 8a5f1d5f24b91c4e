import type { InvitationState } from '../../../db/invitations.js';
import { Input, Select } from '../console/fields.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { FieldErrors, PageContext } from '../models.js';
import { AccountFrame } from './frame.js';

export interface InvitationModel {
  id: string;
  email: string;
  userType?: string;
  invitedBy?: string;
  expiresAt: string;
  state: InvitationState;
}

export interface InvitationsModel {
  /** Who asks this administrator to be let in. */
  requests: { id: string; name: string; email: string }[];
  invitations: InvitationModel[];
  /** Types that this administrator may give. */
  userTypes: { id: string; name: string }[];
  /** What was typed into the form that is shown again. */
  form: { email?: string; userTypeId?: string; language?: string };
  languages: [code: string, name: string][];
  errors: FieldErrors;
  error?: string;
  seconds?: number;
  done?: string;
}

interface PartProps {
  page: PageContext;
  model: InvitationsModel;
}

/** Whom the organisation has invited, and the form to invite. The link is in the mail only (security.md A9). */
export function InvitationsPage({ page, model }: PartProps) {
  const { t } = page;
  const { done, error, seconds, errors } = model;
  return (
    <AccountFrame
      page={page}
      area="members"
      title={t('invitations.title')}
      lead={t('invitations.lead')}
      done={done}
      error={error}
      seconds={seconds}
      failed={Object.keys(errors).length > 0}
      scripts={['local-time']}
    >
      <p>
        <a href="/account/users">{t('members.back')}</a>
      </p>
      <Requests page={page} model={model} />
      <InvitationForm page={page} model={model} />
      <section class="console-section" aria-labelledby="open-invitations">
        <h2 id="open-invitations">{t('invitations.open')}</h2>
        {model.invitations.length === 0 && <p class="card">{t('invitations.none')}</p>}
        <ul class="plain-list people">
          {model.invitations.map((invitation) => (
            <Invitation key={invitation.id} page={page} invitation={invitation} />
          ))}
        </ul>
      </section>
    </AccountFrame>
  );
}

function Requests({ page: { t }, model: { requests } }: PartProps) {
  if (requests.length === 0) return null;
  return (
    <section class="console-section" aria-labelledby="requests">
      <h2 id="requests">{t('invitations.requests')}</h2>
      <ul class="plain-list people">
        {requests.map(({ id, name, email }) => (
          <li key={id} class="card person">
            <div>
              <h3>
                <a href={`/account/join-requests/${id}`}>{name}</a>
              </h3>
              <p class="muted">{email}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function InvitationForm({ page, model: { form, userTypes, languages, errors } }: PartProps) {
  const { t } = page;
  return (
    <form class="card form-section" method="post" action="/account/invitations">
      <FormToken page={page} />
      <h2>{t('invitations.invite')}</h2>
      <div class="form-grid top">
        <Input
          page={page}
          name="email"
          type="email"
          required
          label={t('fields.email')}
          value={form.email}
          errors={errors}
          hint={t('invitations.emailHint')}
        />
        <Select
          page={page}
          name="userTypeId"
          label={t('members.userType')}
          value={form.userTypeId}
          options={[['', t('invitations.choose')], ...userTypes.map(({ id, name }) => [id, name] as [string, string])]}
          errors={errors}
          class="half"
        />
        <Select
          page={page}
          name="language"
          label={t('invitations.language')}
          value={form.language ?? page.language}
          options={languages}
          class="half"
        />
      </div>
      <div class="actions">
        <button type="submit">{t('invitations.send')}</button>
      </div>
    </form>
  );
}

function Invitation({ page, invitation }: { page: PageContext; invitation: InvitationModel }) {
  const { t } = page;
  const { id, email, userType, invitedBy, expiresAt, state } = invitation;
  return (
    <li class="card person">
      <div>
        <h3>{email}</h3>
        <p class="muted">
          <span class={state === 'pending' ? 'tag' : 'tag tag-attention'}>{t(`invitations.states.${state}`)}</span>
          <span class="tag">{userType ?? t('invitations.typeGone')}</span>
          {invitedBy && `${t('invitations.invitedBy', { name: invitedBy })} · `}
          {t(state === 'expired' ? 'invitations.expired' : 'invitations.expires')}{' '}
          <LocalTime page={page} at={expiresAt} />
        </p>
      </div>
      <div class="person-forms">
        {/* One that is void is history: its place is free for a new invitation. */}
        {state !== 'void' &&
          (['resend', 'revoke'] as const).map((action) => (
            <form key={action} method="post" action={`/account/invitations/${id}/${action}`} class="inline-form">
              <FormToken page={page} />
              <button type="submit" class={action === 'revoke' ? 'outline warning' : 'outline'}>
                {t(`invitations.${action}`)}
                <span class="visually-hidden">: {email}</span>
              </button>
            </form>
          ))}
      </div>
    </li>
  );
}
