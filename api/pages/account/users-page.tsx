import { Input } from '../console/fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { AccountFrame } from './frame.js';
import type { UserModel, UsersModel } from './user-models.js';

interface PartProps {
  page: PageContext;
  model: UsersModel;
}

/** The organisation's users, for its administrators. */
export function UsersPage({ page, model }: PartProps) {
  const { t } = page;
  return (
    <AccountFrame
      page={page}
      area="members"
      title={t('members.title')}
      lead={t('members.lead')}
      done={model.done}
      scripts={['local-time']}
    >
      <Search page={page} search={model.search} />
      <People page={page} model={model} />
    </AccountFrame>
  );
}

function Search({ page, search }: { page: PageContext; search: string }) {
  const { t } = page;
  return (
    <search class="toolbar">
      <form class="toolbar-search" method="get" action="/account/users">
        <Input page={page} name="q" label={t('members.search')} value={search} />
        <button type="submit" class="outline">
          {t('members.searchSubmit')}
        </button>
      </form>
      <a class="button" href="/account/invitations">
        {t('members.invite')}
      </a>
    </search>
  );
}

function People({ page, model: { users, search, next, later, ownId } }: PartProps) {
  const { t } = page;
  const query = search ? { q: search } : undefined;
  return (
    <section class="console-section" aria-labelledby="people">
      <h2 id="people">{t('members.people')}</h2>
      {users.length > 0 ? <Table page={page} users={users} ownId={ownId} /> : <p class="card">{t('members.none')}</p>}
      <nav class="pager" aria-label={t('members.pages')}>
        {search && <a href="/account/users">{t('members.showAll')}</a>}
        {later && <a href={address(query)}>{t('members.firstPage')}</a>}
        {next && <a href={address({ ...query, after: next })}>{t('members.nextPage')}</a>}
      </nav>
    </section>
  );
}

const address = (query?: Record<string, string>) =>
  query ? `/account/users?${new URLSearchParams(query)}` : '/account/users';

function Table({ page, users, ownId }: { page: PageContext; users: UserModel[]; ownId: string }) {
  const { t } = page;
  return (
    <div class="card table-card">
      <table class="stacking">
        <thead>
          <tr>
            <th scope="col">{t('members.name')}</th>
            <th scope="col">{t('members.userType')}</th>
            <th scope="col">{t('members.status')}</th>
            <th scope="col">{t('members.lastSeen')}</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <Row key={user.id} page={page} user={user} isSelf={user.id === ownId} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ page, user, isSelf }: { page: PageContext; user: UserModel; isSelf: boolean }) {
  const { t } = page;
  const { id, givenName, familyName, email, userType, disabled, lastSeenAt } = user;
  return (
    <tr>
      <th scope="row">
        <a href={`/account/users/${id}`}>{`${givenName} ${familyName}`}</a>{' '}
        {isSelf && <span class="tag">{t('members.you')}</span>}
        <span class="line muted">{email}</span>
      </th>
      <td data-label={t('members.userType')}>{userType}</td>
      <td data-label={t('members.status')}>
        <span>
          <Status page={page} disabled={disabled} />
        </span>
      </td>
      <td data-label={t('members.lastSeen')}>
        {lastSeenAt ? <LocalTime page={page} at={lastSeenAt} dateOnly /> : t('members.never')}
      </td>
    </tr>
  );
}

export const Status = ({ page: { t }, disabled }: { page: PageContext; disabled: boolean }) => (
  <span class={disabled ? 'tag tag-attention' : 'tag tag-current'}>
    {t(disabled ? 'members.disabled' : 'members.active')}
  </span>
);
