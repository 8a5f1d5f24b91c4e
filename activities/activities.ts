import type { Database } from '../db/connection.js';
import type { SecretKeys } from '../db/secret-keys.js';
import { createAccount } from './create-account.js';
import type { Mailer } from './mailer.js';
import { recordTransitions } from './record-transitions.js';
import { sendActivationMail } from './send-activation-mail.js';

/** What the activities work with; opened by the worker, made small by the tests. */
export interface ActivityContext {
  db: Database;
  mailer: Pick<Mailer, 'send'>;
  keys: SecretKeys;
  /** Start of every link in a mail; never from a request (security.md T9). No slash at the end. */
  publicUrl: string;
}

/** Every activity by name, as the worker registers them; each name is an effect of the machine, or records one. */
export function createActivities(context: ActivityContext) {
  return {
    sendActivationMail: sendActivationMail(context),
    createAccount: createAccount(context),
    recordTransitions: recordTransitions(context),
  };
}

export type Activities = ReturnType<typeof createActivities>;
