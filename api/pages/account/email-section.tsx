import { FormToken, PasswordField, TextField } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import { Notice } from '../notice.js';
import type { PartProps } from './security-page.js';

/** The address one logs in with, and the one that waits for its proof. */
export function EmailSection({ page, model }: PartProps) {
  const { t } = page;
  const { email, pending, newEmail, errors } = model;
  return (
    <section class="card">
      <h2>{t('security.email')}</h2>
      <p>
        {t('security.emailNow')} <strong class="address">{email}</strong>
      </p>
      {pending && (
        <Notice kind="info">
          <p>
            {t('security.emailPending')} <strong class="address">{pending.newEmail}</strong> {t('security.emailUntil')}{' '}
            <LocalTime page={page} at={pending.expiresAt} />
          </p>
          <form method="post" action="/account/security/email/cancel">
            <FormToken page={page} />
            <button type="submit" class="outline">
              {t('security.cancelEmail')}
            </button>
          </form>
        </Notice>
      )}
      <form method="post" action="/account/security/email" data-check>
        <FormToken page={page} />
        <TextField
          page={page}
          name="newEmail"
          type="email"
          inputMode="email"
          autocomplete="email"
          value={newEmail}
          errors={errors}
          hint={t('security.newEmailHint')}
        />
        <PasswordField page={page} name="emailPassword" autocomplete="current-password" errors={errors} />
        <button type="submit">{t('security.changeEmail')}</button>
      </form>
    </section>
  );
}
