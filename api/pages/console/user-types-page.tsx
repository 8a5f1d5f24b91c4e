import type { ListedUserType } from '../../../db/user-types.js';
import type { PageContext } from '../models.js';
import { ConsoleFrame, may } from './frame.js';

export interface UserTypesModel {
  userTypes: ListedUserType[];
  done?: string;
}

export function UserTypesPage({ page, model }: { page: PageContext; model: UserTypesModel }) {
  const { t } = page;
  return (
    <ConsoleFrame
      page={page}
      area="userTypes"
      title={t('userTypes.title')}
      lead={t('userTypes.lead')}
      done={model.done}
    >
      {(['customer', 'partner'] as const).map((kind) => (
        <section key={kind} class="console-section">
          <div class="section-head">
            <h2>{t(`userTypes.kinds.${kind}`)}</h2>
            {may(page, 'admin') && (
              <a class="button outline" href={`/console/user-types/new?kind=${kind}`}>
                {t(`userTypes.new.${kind}`)}
              </a>
            )}
          </div>
          <TypeTable page={page} userTypes={model.userTypes.filter((type) => type.kind === kind)} />
        </section>
      ))}
    </ConsoleFrame>
  );
}

function TypeTable({ page, userTypes }: { page: PageContext; userTypes: ListedUserType[] }) {
  const { t } = page;
  if (userTypes.length === 0) return <p class="muted">{t('userTypes.none')}</p>;
  return (
    <div class="card table-card">
      <table class="stacking">
        <thead>
          <tr>
            <th scope="col">{t('userTypes.name')}</th>
            <th scope="col">{t('userTypes.permissions')}</th>
            <th scope="col" class="number">
              {t('userTypes.users')}
            </th>
          </tr>
        </thead>
        <tbody>
          {userTypes.map(({ id, name, permissions, users, isDefault }) => (
            <tr key={id}>
              <th scope="row">
                <a href={`/console/user-types/${id}`}>{name}</a>{' '}
                {isDefault && <span class="tag">{t('userTypes.default')}</span>}
              </th>
              <td data-label={t('userTypes.permissions')}>
                <Permissions page={page} permissions={permissions} />
              </td>
              <td class="number" data-label={t('userTypes.users')}>
                {users}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Our own in words, the platform's as their codes. */
export function Permissions({ page: { t }, permissions }: { page: PageContext; permissions: string[] }) {
  if (permissions.length === 0) return <span class="muted">{t('userTypes.noPermissions')}</span>;
  return (
    <ul class="plain-list">
      {permissions.map((code) => (
        <li key={code}>{permissionWords(t, code) ?? <code>{code}</code>}</li>
      ))}
    </ul>
  );
}

/** A code that has no words is the platform's; its dots and colons would make a path through the catalogue. */
export function permissionWords(t: PageContext['t'], code: string): string | undefined {
  const key = `permissions.${code}`;
  const words = /^[a-z_]+$/.test(code) ? t(key) : key;
  return words === key ? undefined : words;
}
