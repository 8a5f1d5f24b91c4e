import { advanceRequest, type NextStep } from '../db/join-requests.js';
import type { ActivityContext } from './activities.js';

export interface AdvanceJoinRequestInput {
  requestId: string;
}

/** Takes a request to join one step on; may run again. */
export const advanceJoinRequest =
  ({ db, keys, publicUrl }: ActivityContext) =>
  ({ requestId }: AdvanceJoinRequestInput): Promise<NextStep> =>
    db.transaction((trx) => advanceRequest(trx, keys, requestId, new URL(publicUrl).hostname));
