import { providerTestPurpose } from '../db/partner-provider.js';
import type { ActivityContext } from './activities.js';
import { tryProvider } from './resolve-partner.js';

export interface TestProviderInput {
  testId: string;
}

/** "Test provider" of the Console: asks as a registration would, and writes down what came of it. Creates no partner. */
export const testProvider =
  (context: ActivityContext) =>
  async ({ testId }: TestProviderInput): Promise<void> => {
    const { db, keys } = context;
    const test = await db('provider_tests').where({ id: testId, finished_at: null }).first();
    if (!test) return;
    const result = await tryProvider(context, keys.unseal(providerTestPurpose, test.sealed_code), testId);
    await db('provider_tests')
      .where({ id: testId })
      .update({
        outcome: result.outcome,
        reason: 'reason' in result ? result.reason : null,
        partner: 'partner' in result ? JSON.stringify(result.partner) : null,
        missing: 'missing' in result ? result.missing : null,
        finished_at: db.fn.now(),
      });
  };
