import type { ListedStaff } from '../../../db/staff.js';
import type { ListedInvitation } from '../../../db/staff-invitations.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { FieldErrors, PageContext } from '../models.js';
import { FormError } from '../notice.js';
import { ErrorLinks } from './error-links.js';
import { Input, Select } from './fields.js';
import { ConsoleFrame } from './frame.js';
import { Invitations } from './staff-invitations.js';

export interface StaffModel {
  staff: ListedStaff[];
  invitations: ListedInvitation[];
  /** Whoever looks at the page. */
  ownId: string;
  form: Partial<Record<string, string>>;
  errors: FieldErrors;
  error?: string;
  seconds?: number;
  done?: string;
}

interface PartProps {
  page: PageContext;
  model: StaffModel;
}

export const roles = ['viewer', 'operator', 'admin'] as const;

export function StaffPage({ page, model }: PartProps) {
  const { t } = page;
  const { errors } = model;
  const isLimit = model.error === 'tooManyAttempts';
  return (
    <ConsoleFrame
      page={page}
      area="staff"
      title={t('staff.title')}
      lead={t('staff.lead')}
      done={model.done}
      error={isLimit ? undefined : model.error}
      scripts={['local-time']}
    >
      {errors.email && <ErrorLinks page={page} errors={{ email: errors.email }} label={() => t('fields.email')} />}
      {isLimit && <FormError page={page} error={model.error} seconds={model.seconds} />}
      <section class="console-section">
        <h2>{t('staff.people')}</h2>
        <ul class="plain-list people">
          {model.staff.map((person) => (
            <Person key={person.id} page={page} model={model} person={person} />
          ))}
        </ul>
      </section>
      {model.invitations.length > 0 && <Invitations page={page} invitations={model.invitations} />}
      <InvitationForm page={page} model={model} />
      <section class="aside-card reading-width">
        <h2>{t('staff.rolesTitle')}</h2>
        <dl class="console-facts">
          {roles.map((role) => (
            <div key={role}>
              <dt>{t(`staff.roles.${role}`)}</dt>
              <dd>{t(`staff.roleHints.${role}`)}</dd>
            </div>
          ))}
        </dl>
      </section>
    </ConsoleFrame>
  );
}

function Person({ page, model, person }: PartProps & { person: ListedStaff }) {
  const { t } = page;
  const { id, email, role, createdAt, disabledAt } = person;
  const administrators = model.staff.filter((other) => other.role === 'admin' && !other.disabledAt);
  const isLast = administrators.length === 1 && administrators[0]?.id === id;
  const refused = model.errors[`role-${id}`];
  return (
    <li class="card person">
      <div>
        <h3>{email}</h3>
        <p class="muted">
          <span class="tag">{t(`staff.roles.${role}`)}</span>
          {id === model.ownId && <span class="tag">{t('staff.you')}</span>}
          {disabledAt && <span class="tag tag-attention">{t('staff.disabled')}</span>}
          {disabledAt ? t('staff.disabledSince') : t('staff.since')}{' '}
          <LocalTime page={page} at={(disabledAt ?? createdAt).toISOString()} dateOnly />
        </p>
        {(isLast || refused) && (
          <p class={refused ? 'field-error' : 'muted'} id={`role-${id}`}>
            {t(`fieldErrors.${refused ?? 'lastAdministrator'}`)}
          </p>
        )}
      </div>
      {!isLast && <PersonForms page={page} person={person} />}
      {person.hasSecondFactor && id !== model.ownId && <ResetFactor page={page} person={person} />}
    </li>
  );
}

function PersonForms({ page, person: { id, email, role, disabledAt } }: { page: PageContext; person: ListedStaff }) {
  const { t } = page;
  const action = disabledAt ? 'enable' : 'disable';
  const was = (
    <>
      <FormToken page={page} />
      <input type="hidden" name="wasRole" value={role} />
      <input type="hidden" name="wasDisabled" value={String(disabledAt !== null)} />
    </>
  );
  return (
    <div class="person-forms">
      <form method="post" action={`/console/staff/${id}/role`} class="inline-form">
        {was}
        <select name="role" aria-label={t('staff.roleOf', { email })}>
          {roles.map((option) => (
            <option key={option} value={option} selected={option === role}>
              {t(`staff.roles.${option}`)}
            </option>
          ))}
        </select>
        <button type="submit" class="outline">
          {t('staff.changeRole')}
          <span class="visually-hidden">: {email}</span>
        </button>
      </form>
      <form method="post" action={`/console/staff/${id}/${action}`} class="inline-form">
        {was}
        <button type="submit" class={disabledAt ? 'outline' : 'outline warning'}>
          {t(`staff.${action}`)}
          <span class="visually-hidden">: {email}</span>
        </button>
      </form>
    </div>
  );
}

function ResetFactor({ page, person: { id, email } }: { page: PageContext; person: ListedStaff }) {
  const { t } = page;
  return (
    <form method="post" action={`/console/staff/${id}/reset-second-factor`} class="inline-form">
      <FormToken page={page} />
      <button type="submit" class="outline warning">
        {t('staff.resetSecondFactor')}
        <span class="visually-hidden">: {email}</span>
      </button>
    </form>
  );
}

function InvitationForm({ page, model }: PartProps) {
  const { t } = page;
  const { form, errors } = model;
  return (
    <section class="card form-section reading-width spaced">
      <h2>{t('staff.invite')}</h2>
      <p class="muted">{t('staff.inviteLead')}</p>
      <form method="post" action="/console/staff/invitations">
        <FormToken page={page} />
        <div class="form-grid top">
          <Input
            page={page}
            name="email"
            type="email"
            label={t('fields.email')}
            value={form.email}
            required
            errors={errors}
          />
          <Select
            page={page}
            name="role"
            label={t('staff.role')}
            value={form.role ?? 'viewer'}
            options={roles.map((role) => [role, t(`staff.roles.${role}`)])}
            class="half"
          />
          <Select
            page={page}
            name="language"
            label={t('staff.language')}
            value={form.language ?? page.language}
            options={['en', 'de'].map((code) => [code, t(`agreementsConsole.languages.${code}`)])}
            class="half"
          />
        </div>
        <div class="actions">
          <button type="submit">{t('staff.sendInvitation')}</button>
        </div>
      </form>
    </section>
  );
}
