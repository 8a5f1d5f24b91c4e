import { FormToken } from '../form-fields.js';
import type { FieldErrors, PageContext } from '../models.js';
import { Input, Select } from './fields.js';
import { ConsoleFrame } from './frame.js';
import { Styles } from './partners.js';
import { DefaultButton, PartnerPicker, type PartnerPickerModel } from './partners-picker.js';

export interface PartnerFormModel {
  /** Of the partner that is edited; a new one has neither. */
  id?: string;
  version?: string;
  values: Record<string, string | undefined>;
  errors: FieldErrors;
  /** Error of the whole form (`errors.<code>`). */
  error?: string;
  countries: { code: string; name: string }[];
  picker: PartnerPickerModel;
}

export function PartnerFormPage({ page, model }: { page: PageContext; model: PartnerFormModel }) {
  const { t } = page;
  const { id, version, values, errors, error, countries, picker } = model;
  const text = (name: string, extra: { class?: string; hint?: string; required?: boolean } = {}) => (
    <Input
      page={page}
      name={name}
      label={t(`partners.fields.${name}`)}
      value={values[name]}
      errors={errors}
      {...extra}
    />
  );
  const title = t(id ? 'partners.edit' : 'partners.new');
  return (
    <ConsoleFrame page={page} area="partners" title={title} error={error} head={<Styles />}>
      <form class="card" method="post" action={id ? `/console/partners/${id}/edit` : '/console/partners/new'}>
        <DefaultButton value="save" />
        <FormToken page={page} />
        {version && <input type="hidden" name="version" value={version} />}
        <div class="form-grid">
          {text('name', { required: true })}
          {text('street')}
          {text('postalCode', { class: 'third' })}
          {text('city', { class: 'two-thirds' })}
          <Select
            page={page}
            name="country"
            label={t('partners.fields.country')}
            class="half"
            value={values.country}
            errors={errors}
            options={[
              ['', t('partners.noCountry')],
              ...countries.map(({ code, name }): [string, string] => [code, name]),
            ]}
          />
          {text('vatNumber', { class: 'half' })}
          {text('externalId', { hint: t('partners.externalIdHint') })}
          <div>
            <PartnerPicker
              page={page}
              name="parentId"
              label={t('partners.fields.parentId')}
              hint={t('partners.parentHint')}
              none={t('partners.noParent')}
              value={values.parentId}
              picker={picker}
              errors={errors}
            />
          </div>
        </div>
        <div class="actions">
          <button type="submit" name="action" value="save">
            {t(id ? 'partners.save' : 'partners.create')}
          </button>
          <a class="button outline" href={id ? `/console/partners/${id}` : '/console/partners'}>
            {t('partners.cancel')}
          </a>
        </div>
      </form>
    </ConsoleFrame>
  );
}
