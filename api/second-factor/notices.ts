import type { Knex } from 'knex';
import { insertNotice, type NoticeTemplate } from '../../db/notices.js';
import type { SecretKeys } from '../../db/secret-keys.js';

/** To whom, and in which words, a change of somebody's second factor is told. */
export interface Told {
  email: string;
  language: string;
  /** Host of the Message-ID. */
  mailDomain: string;
}

export type FactorNotice = Extract<
  NoticeTemplate,
  `second-factor-${string}` | `passkey-${string}` | `recovery-${string}`
>;

/** Puts the mail about it into the outbox, in the transaction of the change: neither without the other. */
export const tellOwner = (
  trx: Knex,
  keys: SecretKeys,
  template: FactorNotice,
  { email, language, mailDomain }: Told,
  values: Record<string, string> = {},
): Promise<string> => insertNotice(trx, keys, { template, email, language, mailDomain, values });
