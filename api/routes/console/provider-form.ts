/** What is typed into the form of the Partner Provider, and what of it is right. */
import { z } from 'zod';
import { mappingGuard, partnerFields } from '../../../activities/providers/mapping.js';
import {
  endpointErrors,
  optionalSecretNames,
  type ProviderField,
  type ProviderId,
  providerIds,
  providerSettings,
  secretNames,
} from '../../../activities/providers/settings.js';
import type { ProviderChange, ProviderRow } from '../../../db/partner-provider.js';
import type { FieldErrors } from '../../pages/models.js';
import { fieldErrors } from '../registrations/schema.js';
import { formFields } from './console-request.js';

/** Of any one field; the plugins' guards know better. */
const longestText = 4_096;
const text = z.string().max(longestText).optional();

export const mappingField = (name: string) => `mapping${name[0]?.toUpperCase()}${name.slice(1)}`;
export const removalField = (secret: string) => `${secret}Removed`;

const allFields = providerIds.flatMap((id): ProviderField[] => providerSettings[id].metadata.fields);
const pluginFields = [
  ...allFields.map(({ name }) => name),
  ...allFields.filter(({ type }) => type === 'secret').map(({ name }) => removalField(name)),
];

/** As it arrives: the fields of every plugin, of which the chosen one's count. */
export const typedProvider = z.strictObject({
  ...formFields,
  ...Object.fromEntries([...pluginFields, ...partnerFields.map(mappingField)].map((name) => [name, text])),
  version: z.string().max(20),
  action: z.enum(['save', 'show', 'find']).optional(),
  enabled: z.literal('on').optional(),
  plugin: z.enum(providerIds),
  targetPartner: text,
  targetPartnerSearch: text,
});
/** Values of the form by the name of their field. */
export type TypedProvider = Partial<Record<string, string>>;

/** The fields of a plugin that a form with these values has. */
export const shownFields = (id: ProviderId, typed: TypedProvider): ProviderField[] =>
  providerSettings[id].metadata.fields.filter(
    ({ showWhen }: ProviderField) => !showWhen || showWhen.is.includes(chosen(id, typed, showWhen.field)),
  );

/** Of a choice that was not made yet the first is shown. */
export function chosen(id: ProviderId, typed: TypedProvider, name: string): string {
  const fields: ProviderField[] = providerSettings[id].metadata.fields;
  return typed[name] ?? fields.find((field) => field.name === name)?.options?.[0] ?? '';
}

/** The form's values as the stored settings fill them; secrets are never among them (security.md F10). */
export function typedFrom({ enabled, plugin, config, mapping, target_partner_id }: ProviderRow): TypedProvider {
  return {
    ...(enabled ? { enabled: 'on' } : {}),
    plugin,
    ...Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)])),
    ...Object.fromEntries(Object.entries(mapping).map(([name, value]) => [mappingField(name), String(value)])),
    ...(target_partner_id ? { targetPartner: target_partner_id } : {}),
  };
}

export interface Stored {
  row: ProviderRow;
  secrets: Record<string, string>;
}

export type Judged = { change: Omit<ProviderChange, 'targetPartnerId'>; dropped: boolean } | { errors: FieldErrors };

/**
 * What was typed as it is to be stored, or what is wrong with it by the field's name. What is not enabled may be
 * incomplete, but nothing in it may be wrong (security.md F1).
 */
export function judgeProvider(typed: TypedProvider, stored: Stored, allowedOrigins: string[]): Judged {
  const plugin = typed.plugin as ProviderId;
  const enabled = typed.enabled === 'on';
  const { config, errors: configErrors } = judgeConfig(plugin, typed, allowedOrigins);
  const { mapping, errors: mappingErrors } = judgeMapping(typed);
  const { secrets, errors: secretErrors, dropped } = judgeSecrets(plugin, config, typed, stored);
  const found = { ...configErrors, ...mappingErrors, ...secretErrors };
  const errors = Object.fromEntries(Object.entries(found).filter(([, code]) => enabled || !onlyWhenEnabled.has(code)));
  if (Object.keys(errors).length > 0) return { errors };
  return { change: { enabled, plugin, config, mapping, secrets }, dropped };
}

const onlyWhenEnabled = new Set(['required', 'secretRequired', 'secretAgain']);

function judgeConfig(plugin: ProviderId, typed: TypedProvider, allowedOrigins: string[]) {
  const fields = shownFields(plugin, typed).filter(({ type }) => type !== 'secret');
  const given = Object.fromEntries(
    fields.map(({ name, options }) => [name, options ? chosen(plugin, typed, name) : (typed[name] ?? '').trim()]),
  );
  const judged = providerSettings[plugin].configGuard.safeParse(given);
  const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  const endpoints = Object.entries(endpointErrors(plugin, given, allowedOrigins)).filter(([name]) => filled[name]);
  const errors: FieldErrors = {
    ...Object.fromEntries(endpoints),
    ...(judged.success ? {} : fieldErrors(judged.error)),
  };
  return { config: (judged.success ? judged.data : filled) as Record<string, unknown>, errors };
}

function judgeMapping(typed: TypedProvider): { mapping: Record<string, string>; errors: FieldErrors } {
  const given = Object.fromEntries(partnerFields.map((name) => [name, (typed[mappingField(name)] ?? '').trim()]));
  const judged = mappingGuard.safeParse(given);
  const mapping = Object.fromEntries(Object.entries(given).filter(([, path]) => path !== ''));
  if (judged.success) return { mapping, errors: {} };
  const errors = Object.entries(fieldErrors(judged.error)).map(([name, code]) => [mappingField(name), code]);
  return { mapping, errors: Object.fromEntries(errors) };
}

/** An empty field keeps what is stored, unless it would now go somewhere else (F11). */
function judgeSecrets(
  plugin: ProviderId,
  config: Record<string, unknown>,
  typed: TypedProvider,
  { row, secrets: stored }: Stored,
) {
  const isSame = destination(plugin, config) === destination(row.plugin, row.config);
  const needed = secretNames(plugin, config);
  const secrets: Record<string, string> = {};
  const errors: FieldErrors = {};
  for (const name of [...needed, ...optionalSecretNames(plugin, config)]) {
    const given = (typed[name] ?? '').trim();
    const old = typed[removalField(name)] === 'on' ? undefined : stored[name];
    if (/[\p{Cc}\p{Cs}]/u.test(given)) errors[name] = 'invalidCharacters';
    else if (given !== '') secrets[name] = given;
    else if (old !== undefined && isSame) secrets[name] = old;
    else if (old !== undefined) errors[name] = 'secretAgain';
    else if (needed.includes(name)) errors[name] = 'secretRequired';
  }
  const dropped = !isSame && Object.keys(stored).some((name) => secrets[name] === undefined);
  return { secrets, errors, dropped };
}

/** Where secrets go, and as what: every address without its query, and every choice such as the kind of authentication. */
function destination(plugin: ProviderId, config: Record<string, unknown>): string {
  const fields: ProviderField[] = providerSettings[plugin].metadata.fields;
  return JSON.stringify([
    plugin,
    ...fields.filter(({ type }) => type === 'select').map(({ name }) => config[name] ?? null),
    ...fields.filter(({ type }) => type === 'url').map(({ name }) => withoutQuery(config[name])),
  ]);
}

function withoutQuery(address: unknown): unknown {
  if (typeof address !== 'string' || !URL.canParse(address)) return address ?? null;
  const { origin, pathname } = new URL(address);
  return origin + pathname;
}

/** Settings as the audit log tells them: no secrets, and no queries of addresses, which may hold one. */
export function told(change: Omit<ProviderChange, 'secrets'>): Record<string, unknown> {
  const { enabled, plugin, config, mapping, targetPartnerId } = change;
  const flat = (prefix: string, values: object, tell = (value: unknown) => value) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, tell(value)]));
  return {
    enabled,
    plugin,
    targetPartner: targetPartnerId,
    ...flat('config', config, withoutQuery),
    ...flat('mapping', mapping),
  };
}
