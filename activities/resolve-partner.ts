import { ApplicationFailure } from '@temporalio/activity';
import { Submission } from '../db/models.js';
import { findCode } from '../db/partner-codes.js';
import { findListed, loadProvider, providerSecrets } from '../db/partner-provider.js';
import { noteLookup, partnerFromProvider } from '../db/provider-partners.js';
import { typedCodePurpose } from '../db/registrations.js';
import type { ActivityContext } from './activities.js';
import { lookUpPartner as ask, tryLookUpPartner } from './providers/index.js';
import { type EffectInput, type EffectResult, settle } from './record-transitions.js';

type ResolveOutcome = 'found' | 'codeInvalid' | 'misconfigured' | 'withdrawn';
export interface ResolvePartnerInput extends EffectInput<ResolveOutcome> {
  submissionId: string;
}
/** Seconds; a longer wish of the provider is for the parked registration's own pauses. */
const longestPause = 30;

/**
 * Finds the partner of a submitted code in our own table; `askProvider` when the code is not of our making and a
 * provider may know it. Without a code there is nothing to find: the partner will be made from what was entered.
 */
export const resolvePartner =
  ({ db, keys }: ActivityContext) =>
  async (input: ResolvePartnerInput): Promise<EffectResult<ResolveOutcome | 'askProvider'>> => {
    const submission = await Submission.query(db).findById(input.submissionId);
    if (!submission) return settle(db, input, 'withdrawn');
    if (!submission.sealed_code) return settle(db, input, 'found');
    const code = await findCode(db, keys, keys.unseal(typedCodePurpose, submission.sealed_code));
    if (!code) {
      const { enabled } = await loadProvider(db);
      return enabled ? { outcome: 'askProvider' } : settle(db, input, 'codeInvalid');
    }
    if (!code.usable) return settle(db, input, 'codeInvalid');
    return db.transaction(async (trx) => {
      await submission.$query(trx).patch({ partner_id: code.partnerId, partner_code_id: code.id });
      return settle(trx, input, 'found');
    });
  };

/** Asks the Partner Provider for the partner of a submitted code; the four kinds of answers are never confused (F8). */
export const lookUpPartner =
  (context: ActivityContext) =>
  async (input: ResolvePartnerInput): Promise<EffectResult<ResolveOutcome>> => {
    const { db, keys } = context;
    const submission = await Submission.query(db).findById(input.submissionId);
    if (!submission?.sealed_code) return settle(db, input, 'withdrawn');
    const code = keys.unseal(typedCodePurpose, submission.sealed_code);
    const provider = await loadProvider(db);
    const started = performance.now();
    const result = await ask(...(await question(context, code, input.submissionId)));
    const milliseconds = Math.round(performance.now() - started);
    await noteLookup(db, input.registrationId, { ...result, milliseconds });
    if (result.outcome === 'notFound') return settle(db, input, 'codeInvalid');
    if (result.outcome === 'misconfigured') return settle(db, input, 'misconfigured');
    if (result.outcome === 'temporary') throw tryAgain(result.retryAfterSeconds);
    return db.transaction(async (trx) => {
      const codeHash = keys.hash('provider-code', code).toString('base64url');
      const partnerId = await partnerFromProvider(trx, result.partner, codeHash, provider.target_partner_id);
      await submission.$query(trx).patch({ partner_id: partnerId });
      return settle(trx, input, 'found');
    });
  };

/** Asks for a sample code, as a registration would; shows also what has no name. */
export const tryProvider = async (context: ActivityContext, code: string, lookupId: string) =>
  tryLookUpPartner(...(await question(context, code, lookupId)));

/** The provider as it is configured now: a setting that was corrected counts at the next try (F10). */
async function question({ db, keys, providerOrigins }: ActivityContext, code: string, lookupId: string) {
  const provider = await loadProvider(db);
  const tools = {
    lookupId,
    secrets: providerSecrets(provider, keys),
    allowedOrigins: providerOrigins,
    findListed: (listed: string) => findListed(db, keys, listed),
  };
  return [provider.plugin, code, provider.config, provider.mapping, tools] as const;
}

const tryAgain = (retryAfterSeconds?: number) =>
  ApplicationFailure.create({
    message: 'the provider is not available',
    type: 'ProviderUnavailable',
    ...(retryAfterSeconds ? { nextRetryDelay: Math.min(retryAfterSeconds, longestPause) * 1_000 } : {}),
  });
