import type { OrganisationKind } from '../../../db/models.js';
import type { ListedUserType } from '../../../db/user-types.js';
import { FormToken } from '../form-fields.js';
import type { FieldErrors, PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { Check, Input, TextArea } from './fields.js';
import { ConsoleFrame, may } from './frame.js';
import { Permissions, permissionWords } from './user-types-page.js';

export interface UserTypeModel {
  kind: OrganisationKind;
  /** Absent while it is being made. */
  type?: ListedUserType;
  /** What the form is made from, for the lock. */
  stamp?: string;
  /** Permissions this service itself acts on; the box of each is named `own<index>`. */
  own: string[];
  form: Partial<Record<string, string>>;
  errors: FieldErrors;
  error?: string;
  /** How many organisations would have no administrator left. */
  organisations?: number;
}

interface PartProps {
  page: PageContext;
  model: UserTypeModel;
}

export function UserTypePage({ page, model }: PartProps) {
  const { t } = page;
  const { type, kind } = model;
  return (
    <ConsoleFrame page={page} area="userTypes" title={type?.name ?? t(`userTypes.new.${kind}`)} error={model.error}>
      <p>
        <a href="/console/user-types">{t('userTypes.back')}</a>
      </p>
      {type && <Use page={page} type={type} />}
      {model.organisations !== undefined && (
        <Notice kind="error">
          <p>{t('userTypes.dependent', { count: model.organisations })}</p>
        </Notice>
      )}
      {may(page, 'admin') ? (
        <TypeForm page={page} model={model} />
      ) : (
        <section class="card">
          <h2>{t('userTypes.permissions')}</h2>
          <Permissions page={page} permissions={type?.permissions ?? []} />
        </section>
      )}
      {type && may(page, 'admin') && <Deletion page={page} model={model} type={type} />}
    </ConsoleFrame>
  );
}

function Use({ page: { t }, type }: { page: PageContext; type: ListedUserType }) {
  return (
    <p class="lead">
      {t(`userTypes.forKind.${type.kind}`)} {t('userTypes.userCount', { count: type.users })}{' '}
      {type.isDefault && <span class="tag">{t('userTypes.default')}</span>}
    </p>
  );
}

function TypeForm({ page, model }: PartProps) {
  const { t } = page;
  const { kind, type, stamp, own, form, errors } = model;
  return (
    <form
      class="card form-section reading-width"
      method="post"
      action={type ? `/console/user-types/${type.id}` : '/console/user-types'}
    >
      <FormToken page={page} />
      {type ? <input type="hidden" name="stamp" value={stamp} /> : <input type="hidden" name="kind" value={kind} />}
      <Input page={page} name="name" label={t('userTypes.name')} value={form.name} required errors={errors} />
      <fieldset>
        <legend>{t('userTypes.own')}</legend>
        {own.map((code, index) => (
          <Check
            key={code}
            page={page}
            name={`own${index}`}
            label={permissionWords(t, code) ?? code}
            hint={t(`userTypes.ownHints.${code}`)}
            checked={!!form[`own${index}`]}
            errors={errors}
          />
        ))}
      </fieldset>
      <TextArea
        page={page}
        name="other"
        label={t('userTypes.other')}
        hint={t('userTypes.otherHint')}
        value={form.other}
        rows={5}
        errors={errors}
      />
      <button type="submit">{t(type ? 'userTypes.save' : 'userTypes.create')}</button>
      {type && <p class="muted">{t('userTypes.effect')}</p>}
    </form>
  );
}

function Deletion({ page, model, type }: PartProps & { type: ListedUserType }) {
  const { t } = page;
  const isFree = type.users === 0 && !type.isDefault;
  return (
    <section class="aside-card reading-width">
      <h2>{t('userTypes.deletion')}</h2>
      {isFree ? (
        <form method="post" action={`/console/user-types/${type.id}/delete`}>
          <FormToken page={page} />
          <input type="hidden" name="stamp" value={model.stamp} />
          <p>{t('userTypes.deletionFree')}</p>
          <button type="submit" class="danger compact">
            {t('userTypes.delete')}
          </button>
        </form>
      ) : (
        <p>{t(type.isDefault ? 'userTypes.deletionDefault' : 'userTypes.deletionInUse')}</p>
      )}
    </section>
  );
}
