import { ErrorSummary, FormToken, PasswordField, UserName } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { FieldErrors, PageContext } from '../models.js';
import { EmailSection } from './email-section.js';
import { AccountFrame } from './frame.js';

interface ShownSession {
  id: string;
  browser: string | null;
  remembered: boolean;
  createdAt: string;
  lastSeenAt: string;
  current: boolean;
}

export interface SecurityModel {
  email: string;
  /** Waits for its proof. */
  pending?: { newEmail: string; expiresAt: string };
  /** What was typed in the request that is shown again. */
  newEmail?: string;
  sessions: ShownSession[];
  passwordMinimum: number;
  errors: FieldErrors;
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
  done?: string;
}

export interface PartProps {
  page: PageContext;
  model: SecurityModel;
}

/** How a person logs in, and where they are logged in. */
export function SecurityPage({ page, model }: PartProps) {
  const { t } = page;
  const { errors, passwordMinimum: minimum } = model;
  const failed = Object.keys(errors).length > 0;
  return (
    <AccountFrame
      page={page}
      area="security"
      title={t('security.title')}
      done={model.done}
      error={model.error}
      failed={failed}
      seconds={model.seconds}
      scripts={['form-check', 'password-field', 'local-time']}
    >
      <ErrorSummary page={page} errors={errors} errorVariables={{ minimum }} />
      <div class="account-grid">
        <Password page={page} model={model} />
        <EmailSection page={page} model={model} />
        <Sessions page={page} model={model} />
      </div>
    </AccountFrame>
  );
}

function Password({ page, model: { email, errors, passwordMinimum: minimum } }: PartProps) {
  const { t } = page;
  return (
    <section class="card">
      <h2>{t('security.password')}</h2>
      <form method="post" action="/account/security/password" data-check>
        <FormToken page={page} />
        <UserName email={email} />
        <PasswordField page={page} name="currentPassword" autocomplete="current-password" errors={errors} />
        <PasswordField
          page={page}
          name="newPassword"
          autocomplete="new-password"
          minimum={minimum}
          hint={t('registration.passwordHint', { minimum })}
          errors={errors}
          errorVariables={{ minimum }}
        />
        <button type="submit">{t('security.changePassword')}</button>
        <p class="muted">{t('security.passwordConsequence')}</p>
        <p class="muted">
          <a href="/password-reset">{t('login.forgot')}</a>
        </p>
      </form>
    </section>
  );
}

function Sessions({ page, model: { sessions } }: PartProps) {
  const { t } = page;
  return (
    <section class="card">
      <h2>{t('security.sessions')}</h2>
      <p class="muted">{t('security.sessionsLead')}</p>
      <ul class="sessions">
        {sessions.map((session) => (
          <Session key={session.id} page={page} session={session} />
        ))}
      </ul>
      {sessions.length > 1 && (
        <form method="post" action="/account/security/sessions/end-others">
          <FormToken page={page} />
          <button type="submit" class="outline">
            {t('security.endOthers')}
          </button>
        </form>
      )}
    </section>
  );
}

function Session({ page, session }: { page: PageContext; session: ShownSession }) {
  const { t } = page;
  const { id, browser, remembered, createdAt, lastSeenAt, current } = session;
  const name = browser ?? t('security.unknownBrowser');
  return (
    <li>
      <div>
        <strong>{name}</strong> {current && <span class="tag">{t('security.current')}</span>}
        <span class="line muted">
          {t('security.since')} <LocalTime page={page} at={createdAt} />
          {remembered && `, ${t('security.remembered')}`}
        </span>
        {!current && (
          <span class="line muted">
            {t('security.lastSeen')} <LocalTime page={page} at={lastSeenAt} />
          </span>
        )}
      </div>
      {!current && (
        <form method="post" action={`/account/security/sessions/${id}/end`}>
          <FormToken page={page} />
          <button type="submit" class="outline" aria-label={t('security.endOne', { name })}>
            {t('common.logOut')}
          </button>
        </form>
      )}
    </li>
  );
}
