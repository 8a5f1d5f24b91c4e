import { csvFile } from './csv-file/index.js';
import { httpJson } from './http-json/index.js';
import { mapPartner, mappingGuard, type Partner, type PartnerField } from './mapping.js';
import { type LookupFailure, type LookupTools, misconfigured, type ProviderPlugin } from './plugin.js';
import { type ProviderId, secretNames } from './settings.js';

export const providerPlugins: Record<ProviderId, ProviderPlugin<unknown>> = {
  'http-json': httpJson,
  'csv-file': csvFile,
};

interface Found<Known> {
  outcome: 'found';
  partner: Known;
  /** Mapped fields for which the provider's record has nothing usable. */
  missing: PartnerField[];
}

export type PartnerLookup = Found<Partner & { name: string }> | { outcome: 'notFound' } | LookupFailure;

export type PartnerTrial = Found<Partner> | { outcome: 'notFound' } | LookupFailure;

/**
 * Asks a provider who a partner code belongs to. `config` and `mapping` are taken as they were stored, and judged.
 * A partner without a name cannot be made: the mapping is wrong, or the provider's answer is (security.md F8).
 */
export async function lookUpPartner(
  providerId: ProviderId,
  code: string,
  config: unknown,
  mapping: unknown,
  tools: LookupTools,
): Promise<PartnerLookup> {
  const trial = await tryLookUpPartner(providerId, code, config, mapping, tools);
  if (trial.outcome !== 'found') return trial;
  const { name } = trial.partner;
  return name === undefined ? misconfigured('nameMissing') : { ...trial, partner: { ...trial.partner, name } };
}

/** The same for the Console's "Test provider", which shows what a record gives also when the name is missing. */
export async function tryLookUpPartner(
  providerId: ProviderId,
  code: string,
  config: unknown,
  mapping: unknown,
  tools: LookupTools,
): Promise<PartnerTrial> {
  // The id comes from a stored row, whatever its type says.
  if (!Object.hasOwn(providerPlugins, providerId)) return misconfigured('configInvalid');
  const plugin = providerPlugins[providerId];
  const settings = plugin.configGuard.safeParse(config);
  const fields = mappingGuard.safeParse(mapping);
  if (!settings.success || !fields.success) return misconfigured('configInvalid');
  const needed = secretNames(providerId, settings.data as object);
  if (needed.some((name) => !tools.secrets[name])) return misconfigured('secretMissing');
  const result = await plugin.lookup(code, settings.data, tools);
  return result.outcome === 'found' ? { outcome: 'found', ...mapPartner(result.record, fields.data) } : result;
}
