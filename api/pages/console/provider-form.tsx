import { FormToken } from '../form-fields.js';
import type { FieldErrors, PageContext } from '../models.js';
import { Check, Input, Select } from './fields.js';
import { DefaultButton, PartnerPicker } from './partners-picker.js';
import { labelKey, type ProviderModel, type ShownField } from './provider-models.js';

interface PartProps {
  page: PageContext;
  model: ProviderModel;
}

/** The plugin's own fields are drawn from its metadata; choosing something that has other fields shows the page again. */
export function ProviderForm({ page, model }: PartProps) {
  const { t } = page;
  const { version, enabled, plugin, plugins, fields, errors } = model;
  return (
    <form method="post" action="/console/provider">
      <DefaultButton value="save" />
      <FormToken page={page} />
      <input type="hidden" name="version" value={version} />
      <section class="card form-section">
        <h2>{t('provider.asking')}</h2>
        <Check
          page={page}
          name="enabled"
          label={t('provider.fields.enabled')}
          hint={t('provider.hints.enabled')}
          checked={enabled}
        />
        <Select
          page={page}
          name="plugin"
          label={t('provider.fields.plugin')}
          hint={t(`provider.plugins.${plugin}.text`)}
          value={plugin}
          errors={errors}
          options={plugins.map((id) => [id, t(`provider.plugins.${id}.name`)])}
        />
        <ShowFields page={page} name="plugin" />
        {fields.map((field) => (
          <PluginField key={field.name} page={page} field={field} errors={errors} />
        ))}
      </section>
      <Mapping page={page} model={model} />
      <section class="card form-section">
        <h2>{t('provider.target')}</h2>
        <PartnerPicker
          page={page}
          name="targetPartner"
          label={t('provider.fields.targetPartner')}
          hint={t('provider.hints.targetPartner')}
          none={t('partners.noParent')}
          value={model.targetPartner}
          picker={model.picker}
          errors={errors}
        />
      </section>
      <div class="actions">
        <button type="submit" name="action" value="save">
          {t('provider.save')}
        </button>
      </div>
    </form>
  );
}

/** Needs no script: the form is sent, and comes back with the fields of the choice and everything that was typed. */
const ShowFields = ({ page, name }: { page: PageContext; name: string }) => (
  <p class="show-fields">
    <button type="submit" class="outline" name="action" value="show">
      {page.t(`provider.showFields.${name}`)}
    </button>
  </p>
);

function PluginField({ page, field, errors }: { page: PageContext; field: ShownField; errors: FieldErrors }) {
  const { t } = page;
  const { name, type, value, options = [], optional, decides } = field;
  const hintKey = `provider.hints.${name}`;
  const hint = t(hintKey) === hintKey ? undefined : t(hintKey);
  const label = optional ? t('provider.optional', { label: t(labelKey(name)) }) : t(labelKey(name));
  const same = { page, name, label, hint, errors };
  if (type === 'secret') return <SecretField page={page} field={field} errors={errors} label={label} />;
  if (type !== 'select') return <Input {...same} type={type} value={value} />;
  return (
    <>
      <Select
        {...same}
        value={value}
        options={options.map((option) => [option, t(`provider.options.${name}.${option}`)])}
      />
      {decides && <ShowFields page={page} name={name} />}
    </>
  );
}

/** Write-only: what is stored is never sent to a browser (security.md F10). */
function SecretField(props: { page: PageContext; field: ShownField; errors: FieldErrors; label: string }) {
  const { page, field, errors, label } = props;
  const { name, isSet, removal } = field;
  const { t } = page;
  return (
    <>
      <Input
        page={page}
        name={name}
        type="password"
        label={isSet ? t('provider.replaceSecret', { label }) : label}
        hint={t(isSet ? 'provider.secretSet' : 'provider.secretNotSet')}
        errors={errors}
      />
      {isSet && removal && <Check page={page} name={removal} label={t('provider.removeSecret', { label })} />}
    </>
  );
}

function Mapping({ page, model: { mapping, errors } }: PartProps) {
  const { t } = page;
  return (
    <section class="card form-section">
      <h2>{t('provider.mapping')}</h2>
      <p class="muted">{t('provider.mappingLead')}</p>
      <div class="form-grid top">
        {mapping.map(({ name, value, required }) => (
          <Input
            key={name}
            page={page}
            name={name}
            class="half"
            label={required ? t(labelKey(name)) : t('provider.optional', { label: t(labelKey(name)) })}
            value={value}
            errors={errors}
          />
        ))}
      </div>
    </section>
  );
}
