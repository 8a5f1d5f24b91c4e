import type { PageContext } from '../models.js';
import { AccountFrame } from './frame.js';
import type { UserModel } from './user-models.js';
import { Was } from './user-page.js';

/** What the removal of a user means, before it is done. */
export function RemoveUserPage({ page, model: { user } }: { page: PageContext; model: { user: UserModel } }) {
  const { t } = page;
  const path = `/account/users/${user.id}`;
  return (
    <AccountFrame
      page={page}
      area="members"
      title={t('members.removal.title', { name: `${user.givenName} ${user.familyName}` })}
    >
      <section class="card reading-width">
        <p class="address">{user.email}</p>
        <ul>
          {['access', 'data', 'proof', 'again'].map((point) => (
            <li key={point}>{t(`members.removal.points.${point}`)}</li>
          ))}
        </ul>
        <p>
          <strong>{t('members.removal.lead')}</strong>
        </p>
        <form method="post" action={`${path}/remove`}>
          <Was page={page} user={user} />
          <button type="submit" class="danger">
            {t('members.removal.submit')}
          </button>
        </form>
        <a class="button outline" href={path}>
          {t('members.removal.cancel')}
        </a>
      </section>
    </AccountFrame>
  );
}
