import type { Knex } from 'knex';
import { type DeliveredMail, type RecordedTransition, recordTransitions as record } from '../db/record-transitions.js';
import type { ActivityContext } from './activities.js';

export interface RecordTransitionsInput {
  registrationId: string;
  transitions: RecordedTransition[];
}

/** What every effect is given besides its own input: what to record with what it does. */
export interface EffectInput<Outcome extends string> {
  registrationId: string;
  record: { pending: RecordedTransition[]; next: Record<Outcome, RecordedTransition> };
}

export interface EffectResult<Outcome extends string> {
  outcome: Outcome;
}

/** Records steps that no effect has recorded; tells if the registration has ended before, and how. */
export const recordTransitions =
  ({ db }: ActivityContext) =>
  ({ registrationId, transitions }: RecordTransitionsInput): Promise<{ endedAs?: string }> =>
    record(db, registrationId, transitions);

/** Records an effect's outcome, in the transaction of the effect, and gives it back as the effect's result. */
export async function settle<Outcome extends string>(
  db: Knex,
  { registrationId, record: { pending, next } }: EffectInput<Outcome>,
  outcome: Outcome,
  delivered?: DeliveredMail,
): Promise<EffectResult<Outcome>> {
  await record(db, registrationId, pending, next[outcome], delivered);
  return { outcome };
}
