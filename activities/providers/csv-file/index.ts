import { isAskable } from '../askable-code.js';
import type { ProviderPlugin } from '../plugin.js';
import { canonicalCode } from './canonical-code.js';
import { type CsvFileConfig, csvFileSettings } from './settings.js';

/** Partners are those of a list that staff uploaded. */
export const csvFile: ProviderPlugin<CsvFileConfig> = {
  ...csvFileSettings,
  async lookup(code, _config, { findListed }) {
    if (!isAskable(code)) return { outcome: 'notFound' };
    const record = await findListed(canonicalCode(code));
    return record ? { outcome: 'found', record } : { outcome: 'notFound' };
  },
};
