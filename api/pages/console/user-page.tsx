import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { ConsoleFrame, may } from './frame.js';
import { Fact } from './registration-detail-fact.js';

export interface UserPageModel {
  id: string;
  /** Masked unless revealed. */
  email: string;
  name: string;
  phone: string | null;
  isRevealed: boolean;
  kind: string;
  company: string;
  userTypeId: string;
  userType: string;
  disabled: boolean;
  createdAt: Date;
  reference: string | null;
  sessions: number;
  lastSeenAt: Date | null;
  hasSecondFactor: boolean;
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
  done?: string;
}

interface PartProps {
  page: PageContext;
  model: UserPageModel;
}

/** One user, for support: who, where, whether logged in, and what may be done for them. */
export function UserPage({ page, model }: PartProps) {
  const { t } = page;
  const { error, done } = model;
  return (
    <ConsoleFrame
      page={page}
      area="usersConsole"
      title={t('usersConsole.user')}
      lead={model.email}
      done={done}
      error={error === 'lastAdministrator' ? undefined : error}
      scripts={['local-time']}
    >
      {error === 'lastAdministrator' && (
        <div class="notice notice-error" role="alert">
          <p>{t('usersConsole.lastAdministrator')}</p>
        </div>
      )}
      <div class="account-grid">
        <Person page={page} model={model} />
        {may(page, 'operator') && <Actions page={page} model={model} />}
      </div>
    </ConsoleFrame>
  );
}

function Person({ page, model }: PartProps) {
  const { t } = page;
  const { id, email, name, phone, isRevealed, kind, company, userType, disabled, reference, sessions } = model;
  return (
    <section class="card">
      <h2>{name}</h2>
      <p class="muted">{t(isRevealed ? 'usersConsole.revealed' : 'usersConsole.masked')}</p>
      {!isRevealed && may(page, 'operator') && <Action page={page} id={id} action="reveal" kind="outline" />}
      <dl class="record-facts">
        <Fact label={t('fields.email')}>
          <span class="address">{email}</span>
        </Fact>
        {phone && <Fact label={t('fields.phone')}>{phone}</Fact>}
        <Fact label={t('usersConsole.company')}>{`${company} (${t(`usersConsole.kinds.${kind}`)})`}</Fact>
        <Fact label={t('usersConsole.userType')}>{userType}</Fact>
        <Fact label={t('usersConsole.status')}>
          <span class={disabled ? 'tag tag-attention' : 'tag'}>
            {t(disabled ? 'usersConsole.isDisabled' : 'usersConsole.isEnabled')}
          </span>
        </Fact>
        <Fact label={t('usersConsole.since')}>
          <LocalTime page={page} at={model.createdAt.toISOString()} />
        </Fact>
        {reference && (
          <Fact label={t('usersConsole.registration')}>
            <a href={`/console/registrations/${reference}`}>{reference}</a>
          </Fact>
        )}
        <Fact label={t('usersConsole.sessions')}>{sessions}</Fact>
        {model.lastSeenAt && (
          <Fact label={t('usersConsole.lastSeen')}>
            <LocalTime page={page} at={model.lastSeenAt.toISOString()} />
          </Fact>
        )}
      </dl>
      <p>
        <a href={`/console/audit?subject=${id}`}>{t('usersConsole.audit')}</a>
      </p>
    </section>
  );
}

function Actions({ page, model }: PartProps) {
  const { t } = page;
  const { id, disabled, userTypeId, sessions, hasSecondFactor } = model;
  const was = { wasUserTypeId: userTypeId, wasDisabled: String(disabled) };
  return (
    <section class="card">
      <h2>{t('usersConsole.actions')}</h2>
      {!disabled && <Action page={page} id={id} action="send-reset" kind="outline" hint />}
      {sessions > 0 && <Action page={page} id={id} action="end-sessions" kind="outline" hint />}
      {hasSecondFactor && <Action page={page} id={id} action="reset-second-factor" kind="outline warning" hint />}
      {disabled ? (
        <Action page={page} id={id} action="enable" kind="outline" fields={was} hint />
      ) : (
        <Action page={page} id={id} action="disable" kind="outline warning" fields={was} hint />
      )}
    </section>
  );
}

interface ActionProps {
  page: PageContext;
  id: string;
  action: string;
  kind: string;
  fields?: Record<string, string>;
  /** Its words are there, too. */
  hint?: boolean;
}

function Action({ page, id, action, kind, fields = {}, hint }: ActionProps) {
  const { t } = page;
  return (
    <form method="post" action={`/console/users/${id}/${action}`} class="user-action">
      <FormToken page={page} />
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <button type="submit" class={kind}>
        {t(`usersConsole.do.${action}`)}
      </button>
      {hint && <p class="muted">{t(`usersConsole.hints.${action}`)}</p>}
    </form>
  );
}
