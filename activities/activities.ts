import { Context } from '@temporalio/activity';
import type { Database } from '../db/connection.js';
import type { SecretKeys } from '../db/secret-keys.js';
import { advanceJoinRequest } from './advance-join-request.js';
import { createAccount } from './create-account.js';
import { deliverWebhook } from './deliver-webhook.js';
import type { Mailer } from './mailer.js';
import { notifyApprovalAwaited, notifyLookupDelayed, tellOutcome } from './notify-person.js';
import { recordTransitions } from './record-transitions.js';
import { lookUpPartner, resolvePartner } from './resolve-partner.js';
import { nextOfBatch, noteSent } from './retry-batch.js';
import { type SendActivationMailInput, sendActivationMail } from './send-activation-mail.js';
import { sendNotice } from './send-notice.js';
import { testProvider } from './test-provider.js';

/** What the activities work with; opened by the worker, made small by the tests. */
export interface ActivityContext {
  db: Database;
  mailer: Pick<Mailer, 'send'>;
  keys: SecretKeys;
  /** Start of every link in a mail; never from a request (security.md T9). No slash at the end. */
  publicUrl: string;
  /** Where a Partner Provider may be besides public https addresses; none: anywhere public (security.md F1). */
  providerOrigins: string[];
  /** The same for webhooks. */
  webhookOrigins: string[];
}

/** Every activity by name, as the worker registers them; most are effects of the machine. */
export function createActivities(context: ActivityContext) {
  return {
    // Within a workflow task, which must not be held up by a mail server that hangs.
    sendActivationMail: (input: SendActivationMailInput) =>
      sendActivationMail(context)(input, { atOnce: Context.current().info.isLocal }),
    resolvePartner: resolvePartner(context),
    lookUpPartner: lookUpPartner(context),
    notifyLookupDelayed: notifyLookupDelayed(context),
    notifyApprovalAwaited: notifyApprovalAwaited(context),
    createAccount: createAccount(context),
    recordTransitions: recordTransitions(context),
    tellOutcome: tellOutcome(context),
    nextOfBatch: nextOfBatch(context),
    noteSent: noteSent(context),
    sendNotice: sendNotice(context),
    advanceJoinRequest: advanceJoinRequest(context),
    testProvider: testProvider(context),
    deliverWebhook: deliverWebhook(context),
  };
}

export type Activities = ReturnType<typeof createActivities>;
