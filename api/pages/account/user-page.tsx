import type { ComponentChildren } from 'preact';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { AccountFrame } from './frame.js';
import type { UserModel, UserPageModel, UserTypeModel } from './user-models.js';
import { Status } from './users-page.js';

interface PartProps {
  page: PageContext;
  model: UserPageModel;
}

/** One user of the organisation, and what an administrator may do with them. */
export function UserPage({ page, model }: PartProps) {
  const { t } = page;
  const { user, isSelf, isOutOfReach } = model;
  return (
    <AccountFrame
      page={page}
      area="members"
      title={`${user.givenName} ${user.familyName}`}
      done={model.done}
      error={model.error}
      scripts={['local-time']}
    >
      <p class="row-actions">
        <a href="/account/users">{t('members.back')}</a>
      </p>
      {isSelf && <p class="notice notice-info">{t('members.self')}</p>}
      {isOutOfReach && <p class="notice notice-info">{t('members.outOfReach')}</p>}
      <div class="account-grid">
        <Facts page={page} user={user} />
        {isOutOfReach ? <Rights page={page} user={user} /> : <TypeForm page={page} model={model} />}
      </div>
      {!isSelf && !isOutOfReach && <Access page={page} user={user} />}
    </AccountFrame>
  );
}

function Facts({ page, user }: { page: PageContext; user: UserModel }) {
  const { t } = page;
  return (
    <section class="card">
      <h2>{t('members.facts')}</h2>
      <dl>
        <Fact name={t('members.status')}>
          <Status page={page} disabled={user.disabled} />
        </Fact>
        <Fact name={t('fields.email')}>{user.email}</Fact>
        {user.phone && <Fact name={t('fields.phone')}>{user.phone}</Fact>}
        <Fact name={t('members.since')}>
          <LocalTime page={page} at={user.createdAt} dateOnly />
        </Fact>
        <Fact name={t('members.lastSeen')}>
          {user.lastSeenAt ? <LocalTime page={page} at={user.lastSeenAt} /> : t('members.never')}
        </Fact>
      </dl>
    </section>
  );
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

function Rights({ page, user }: { page: PageContext; user: UserModel }) {
  return (
    <section class="card">
      <h2>{page.t('members.typeTitle')}</h2>
      <dl>
        <Type page={page} name={user.userType} permissions={user.permissions} />
      </dl>
    </section>
  );
}

function TypeForm({ page, model: { user, types, errors } }: PartProps) {
  const { t } = page;
  const fault = errors.userType;
  const isGrantable = types.some(({ id }) => id === user.userTypeId);
  const offered = isGrantable ? types : [current(user), ...types];
  const isFixed = user.isLastAdministrator;
  return (
    <section class="card">
      <h2>{t('members.typeTitle')}</h2>
      {fault || isFixed ? (
        <p class={fault ? 'field-error' : 'muted'} id="userType-error">
          {t(fault ? `fieldErrors.${fault}` : 'members.lastAdministrator')}
        </p>
      ) : (
        <p class="muted">{t('members.typeLead')}</p>
      )}
      {!isFixed && (
        <form method="post" action={`/account/users/${user.id}/type`}>
          <Was page={page} user={user} />
          <select id="userType" name="userType" aria-label={t('members.typeTitle')}>
            {offered.map(({ id, name }) => (
              <option key={id} value={id} selected={id === user.userTypeId}>
                {id === user.userTypeId ? t('members.currentType', { name }) : name}
              </option>
            ))}
          </select>
          <button type="submit">{t('members.changeType')}</button>
        </form>
      )}
      <h3>{t('members.typesTitle')}</h3>
      <dl>
        {offered.map(({ id, name, permissions }) => (
          <Type key={id} page={page} name={name} permissions={permissions} />
        ))}
      </dl>
    </section>
  );
}

const current = ({ userTypeId, userType, permissions }: UserModel): UserTypeModel => ({
  id: userTypeId,
  name: userType,
  permissions,
});

function Type({ page: { t }, name, permissions }: { page: PageContext } & Omit<UserTypeModel, 'id'>) {
  const words = permissions.map((permission) => t(`permissions.${permission}`, { defaultValue: permission }));
  return <Fact name={name}>{words.length > 0 ? words.join(', ') : t('members.noRights')}</Fact>;
}

/** What the page showed, so that an edit of something else is told (security.md C19). */
export const Was = ({ page, user }: { page: PageContext; user: UserModel }) => (
  <>
    <FormToken page={page} />
    <input type="hidden" name="wasType" value={user.userTypeId} />
    <input type="hidden" name="wasDisabled" value={String(user.disabled)} />
  </>
);

function Access({ page, user }: { page: PageContext; user: UserModel }) {
  const { t } = page;
  const path = `/account/users/${user.id}`;
  const change = user.disabled ? 'enable' : 'disable';
  return (
    <section class="card">
      <h2>{t('members.accessTitle')}</h2>
      <ul class="plain-list choice-list">
        {user.disabledByStaff ? (
          <li>
            <p>{t('members.disabledByStaff')}</p>
          </li>
        ) : (
          <Choice lead={t(`members.${change}Lead`)}>
            <form method="post" action={`${path}/${change}`}>
              <Was page={page} user={user} />
              <button type="submit" class="outline">
                {t(`members.${change}`)}
              </button>
            </form>
          </Choice>
        )}
        {!user.disabled && (
          <Choice lead={t('members.resetLead')}>
            <form method="post" action={`${path}/password-reset`}>
              <FormToken page={page} />
              <button type="submit" class="outline">
                {t('members.reset')}
              </button>
            </form>
          </Choice>
        )}
        {user.hasSessions && (
          <Choice lead={t('members.endSessionsLead')}>
            <form method="post" action={`${path}/end-sessions`}>
              <FormToken page={page} />
              <button type="submit" class="outline">
                {t('members.endSessions')}
              </button>
            </form>
          </Choice>
        )}
        <Choice lead={t('members.removeLead')}>
          <a class="button outline warning" href={`${path}/remove`}>
            {t('members.remove')}
          </a>
        </Choice>
      </ul>
    </section>
  );
}

const Choice = ({ lead, children }: { lead: string; children: ComponentChildren }) => (
  <li class="choice-row">
    <p>{lead}</p>
    {children}
  </li>
);
