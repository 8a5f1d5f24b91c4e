/** What a form for a Partner Provider needs to know. Nothing here asks a provider, so the API may import it. */
import { csvFileSettings } from './csv-file/settings.js';
import { checkEndpoint } from './endpoint.js';
import { httpJsonSettings } from './http-json/settings.js';
import type { ProviderField } from './metadata.js';

export { checkEndpoint } from './endpoint.js';
export type { ProviderField } from './metadata.js';

export const providerSettings = { 'http-json': httpJsonSettings, 'csv-file': csvFileSettings };

export type ProviderId = keyof typeof providerSettings;

export const providerIds = Object.keys(providerSettings) as [ProviderId, ...ProviderId[]];

/** The secret fields that this config, parsed by its guard, cannot do without. */
export const secretNames = (id: ProviderId, config: object): string[] =>
  secretFields(id, config)
    .filter(({ optional }) => !optional)
    .map(({ name }) => name);

/** The secret fields that this config uses where they are given; any other stored one is of no use any more. */
export const optionalSecretNames = (id: ProviderId, config: object): string[] =>
  secretFields(id, config)
    .filter(({ optional }) => optional)
    .map(({ name }) => name);

/** Code of what is wrong with each address in the config, by the field's name (security.md F1). */
export function endpointErrors(id: ProviderId, config: object, allowedOrigins: string[]): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { name, type } of shownFields(id, config)) {
    const fault = type === 'url' && checkEndpoint(String(settingOf(config, name)), allowedOrigins);
    if (fault) errors[name] = fault;
  }
  return errors;
}

const secretFields = (id: ProviderId, config: object): ProviderField[] =>
  shownFields(id, config).filter(({ type }) => type === 'secret');

const shownFields = (id: ProviderId, config: object): ProviderField[] =>
  providerSettings[id].metadata.fields.filter(
    ({ showWhen }) => !showWhen || showWhen.is.includes(String(settingOf(config, showWhen.field))),
  );

const settingOf = (config: object, field: string): unknown => (config as Record<string, unknown>)[field];
