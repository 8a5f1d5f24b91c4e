import type { PageContext } from '../models.js';
import { Input } from './fields.js';
import { ConsoleFrame } from './frame.js';

interface UsersModel {
  users: { id: string; email: string; name: string; kind: string; company: string; disabled: boolean }[];
  search: string;
  /** More match than are shown. */
  hasMore: boolean;
}

/** Users of all organisations; masked, as every list is (security.md A15). */
export function UsersPage({ page, model }: { page: PageContext; model: UsersModel }) {
  const { t } = page;
  const { users, search, hasMore } = model;
  return (
    <ConsoleFrame page={page} area="usersConsole" title={t('usersConsole.title')} lead={t('usersConsole.lead')}>
      <div class="toolbar">
        <form class="toolbar-search" method="get" action="/console/users">
          <Input
            page={page}
            name="search"
            label={t('usersConsole.search')}
            hint={t('usersConsole.searchHint')}
            value={search}
          />
          <button type="submit" class="outline">
            {t('usersConsole.find')}
          </button>
        </form>
      </div>
      {users.length === 0 ? <p class="card">{t('usersConsole.none')}</p> : <List page={page} users={users} />}
      {hasMore && <p class="muted">{t('usersConsole.more', { count: users.length })}</p>}
    </ConsoleFrame>
  );
}

function List({ page: { t }, users }: { page: PageContext; users: UsersModel['users'] }) {
  return (
    <div class="card table-card">
      <table class="listing" aria-label={t('usersConsole.title')}>
        <thead>
          <tr>
            <th scope="col">{t('usersConsole.user')}</th>
            <th scope="col">{t('usersConsole.company')}</th>
          </tr>
        </thead>
        <tbody>
          {users.map(({ id, email, name, kind, company, disabled }) => (
            <tr key={id}>
              <th scope="row">
                <a class="listing-link" href={`/console/users/${id}`}>
                  {email}
                </a>
                <span class="line muted">{name}</span>
                {disabled && <span class="tag tag-attention">{t('usersConsole.isDisabled')}</span>}
              </th>
              <td>
                {company}
                <span class="line muted">{t(`usersConsole.kinds.${kind}`)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
