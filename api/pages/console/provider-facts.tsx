import type { PageContext } from '../models.js';
import { labelKey, type ProviderModel, type ShownField } from './provider-models.js';

/** The settings for those who may not change them. */
export function ProviderFacts({ page, model }: { page: PageContext; model: ProviderModel }) {
  const { t } = page;
  const { isOn, storedPlugin, fields, mapping, target } = model;
  const facts: [name: string, value: string | undefined][] = [
    ['enabled', t(isOn ? 'provider.on' : 'provider.off')],
    ['plugin', t(`provider.plugins.${storedPlugin}.name`)],
    ...fields.map((field): [string, string | undefined] => [field.name, shownValue(page, field)]),
    ['targetPartner', target ?? t('partners.noParent')],
  ];
  const mapped = mapping.map(({ name, value }): [string, string | undefined] => [name, value]);
  return (
    <section class="card">
      <h2>{t('provider.current')}</h2>
      <p class="muted">{t('provider.readOnly')}</p>
      <FactList page={page} facts={facts} />
      <h3>{t('provider.mapping')}</h3>
      <FactList page={page} facts={mapped} />
    </section>
  );
}

const FactList = ({ page, facts }: { page: PageContext; facts: [name: string, value: string | undefined][] }) => (
  <dl class="facts">
    {facts.map(([name, value]) => (
      <div key={name}>
        <dt>{page.t(labelKey(name))}</dt>
        <dd>{value || '–'}</dd>
      </div>
    ))}
  </dl>
);

function shownValue({ t }: PageContext, { name, type, value, isSet }: ShownField): string | undefined {
  if (type === 'secret') return t(isSet ? 'provider.isSet' : 'provider.isNotSet');
  return type === 'select' && value ? t(`provider.options.${name}.${value}`) : value;
}
