import { partnerFields } from '../../../activities/providers/mapping.js';
import {
  type ProviderField,
  type ProviderId,
  providerIds,
  providerSettings,
} from '../../../activities/providers/settings.js';
import type { ProviderModel, ShownField } from '../../pages/console/provider-models.js';
import type { ShownProvider } from './provider.js';
import { chosen, mappingField, removalField, type Stored, shownFields, type TypedProvider } from './provider-form.js';

/** Without what needs the database. A secret is only said to be there (security.md F10). */
export function presentProvider(
  { row, secrets }: Stored,
  typed: TypedProvider,
  { errors = {}, error, list, engineAway, done }: ShownProvider & { done?: string },
): Omit<ProviderModel, 'summary' | 'picker' | 'target'> {
  const plugin = typed.plugin as ProviderId;
  const all: ProviderField[] = providerSettings[plugin].metadata.fields;
  const fields = shownFields(plugin, typed).map(
    ({ name, type, options, optional = false }): ShownField => ({
      name,
      type,
      options,
      optional,
      value: type === 'secret' ? undefined : options ? chosen(plugin, typed, name) : typed[name],
      isSet: type === 'secret' && row.plugin === plugin && secrets[name] !== undefined,
      removal: type === 'secret' && optional ? removalField(name) : undefined,
      decides: all.some(({ showWhen }) => showWhen?.field === name),
    }),
  );
  return {
    // A form that is shown again is still made from what it was made from.
    version: typed.version ?? String(row.version),
    enabled: typed.enabled === 'on',
    isOn: row.enabled,
    plugin,
    storedPlugin: row.plugin,
    plugins: providerIds,
    fields,
    mapping: partnerFields.map((field) => ({
      name: mappingField(field),
      field,
      value: typed[mappingField(field)],
      required: field === 'name',
    })),
    targetPartner: typed.targetPartner,
    errors,
    error,
    done,
    list,
    engineAway,
  };
}
