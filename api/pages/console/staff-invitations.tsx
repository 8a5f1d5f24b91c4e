import type { ListedInvitation } from '../../../db/staff-invitations.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';

/** Who was invited and has not accepted yet. The link is in the mail only (security.md A9). */
export function Invitations({ page, invitations }: { page: PageContext; invitations: ListedInvitation[] }) {
  const { t } = page;
  return (
    <section class="console-section">
      <h2>{t('staff.invitations')}</h2>
      <ul class="plain-list people">
        {invitations.map((invitation) => (
          <Pending key={invitation.email} page={page} invitation={invitation} />
        ))}
      </ul>
    </section>
  );
}

function Pending({ page, invitation }: { page: PageContext; invitation: ListedInvitation }) {
  const { t } = page;
  const { email, role, invitedBy, invitedAt, expiresAt, dead, mail } = invitation;
  const isWrong = dead || mail === 'refused' || mail === 'failing';
  return (
    <li class="card person">
      <div>
        <h3>{email}</h3>
        <p class="muted">
          <span class="tag">{t(`staff.roles.${role}`)}</span>
          <span class={isWrong ? 'tag tag-attention' : 'tag'}>{t(dead ? 'staff.dead' : `staff.mail.${mail}`)}</span>
          {t('staff.invitedBy', { email: invitedBy })} <LocalTime page={page} at={invitedAt.toISOString()} />
          {!dead && (
            <>
              {' · '}
              {t('staff.expires')} <LocalTime page={page} at={expiresAt.toISOString()} />
            </>
          )}
        </p>
      </div>
      <div class="person-forms">
        {(['resend', 'revoke'] as const).map((action) => (
          <form key={action} method="post" action={`/console/staff/invitations/${action}`} class="inline-form">
            <FormToken page={page} />
            <input type="hidden" name="email" value={email} />
            <button type="submit" class={action === 'revoke' ? 'outline warning' : 'outline'}>
              {t(`staff.${action}`)}
              <span class="visually-hidden">: {email}</span>
            </button>
          </form>
        ))}
      </div>
    </li>
  );
}
