import { type Creation, type CreationOutcome, createAccount as create, isEmailTaken } from '../db/accounts.js';
import type { ActivityContext } from './activities.js';
import { type EffectInput, type EffectResult, settle } from './record-transitions.js';

export type CreateAccountInput = EffectInput<CreationOutcome> & Creation;

/** Organisation, user, consents and the registration's end in one transaction (security.md O1); may run again. */
export const createAccount =
  ({ db }: ActivityContext) =>
  async (input: CreateAccountInput): Promise<EffectResult<CreationOutcome>> => {
    try {
      return await db.transaction(async (trx) => {
        const outcome = await create(trx, input);
        return settle(trx, input, outcome);
      });
    } catch (error) {
      // The constraint decides when two registrations take the same e-mail at the same moment (security.md C4).
      if (isEmailTaken(error)) return settle(db, input, 'emailTaken');
      throw error;
    }
  };
