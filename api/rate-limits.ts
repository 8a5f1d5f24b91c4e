import { domainToASCII } from 'node:url';
import { type IRateLimiterPostgresOptions, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Database } from '../db/connection.js';
import type { Logger } from '../db/log.js';
import type { SecretKeys } from '../db/secret-keys.js';
import { RequestError } from './errors.js';

/** Defaults of security.md §7; counted in PostgreSQL, so that a restart or a second process resets nothing (L4). */
export const defaultLimits = {
  startsPerSource: 20, // an hour
  resetsPerSource: 20, // an hour
  mailsPerMailboxMinute: 1,
  mailsPerMailboxHour: 5,
  mailsPerMailboxDay: 10,
  mailsOverall: 60, // a minute
  wrongLinksPerSource: 60, // ten minutes
  codesPerRegistration: 10, // an hour (security.md E7)
  codesPerSource: 60, // an hour
  joinRequestsPerSource: 20, // an hour
  joinRequestsPerRegistration: 5, // a day: each may reach another administrator
  invitationsPerOrganisation: 50, // a day; resends count
  staffResends: 1, // an hour and registration: passes although a mailbox's limits are reached (L6)
  loginsPerAccount: 10, // ten minutes, from one source
  loginsPerAccountOverall: 30, // a minute, from everywhere: soon over for the owner (P11)
  loginsPerSource: 100, // ten minutes
  wrongApiKeysPerSource: 30, // ten minutes
  requestsPerApiKey: 600, // a minute
  secondFactorsPerSession: 10, // ten minutes
  secondFactorsPerAccount: 10, // ten minutes, from one source
  secondFactorsPerAccountOverall: 50, // an hour, from everywhere: codes of an app only, which could be guessed
};
export type Limits = typeof defaultLimits;

const minute = 60;
const hour = 3_600;
const day = 86_400;

export class RateLimits {
  private readonly limiters: Record<keyof Limits, RateLimiterPostgres>;

  constructor(
    db: Database,
    private readonly limits: Limits,
    private readonly keys: SecretKeys,
    private readonly log?: Logger,
  ) {
    const limiter = (name: keyof Limits, duration: number) =>
      new RateLimiterPostgres({
        storeClient: db,
        storeType: 'knex',
        tableName: 'rate_limits',
        tableCreated: true,
        clearExpiredByTimeout: false, // the reconciler clears, not every process
        keyPrefix: name,
        points: limits[name],
        duration,
      } as IRateLimiterPostgresOptions);
    this.limiters = {
      startsPerSource: limiter('startsPerSource', hour),
      resetsPerSource: limiter('resetsPerSource', hour),
      mailsPerMailboxMinute: limiter('mailsPerMailboxMinute', minute),
      mailsPerMailboxHour: limiter('mailsPerMailboxHour', hour),
      mailsPerMailboxDay: limiter('mailsPerMailboxDay', day),
      mailsOverall: limiter('mailsOverall', minute),
      wrongLinksPerSource: limiter('wrongLinksPerSource', 10 * minute),
      codesPerRegistration: limiter('codesPerRegistration', hour),
      codesPerSource: limiter('codesPerSource', hour),
      joinRequestsPerSource: limiter('joinRequestsPerSource', hour),
      joinRequestsPerRegistration: limiter('joinRequestsPerRegistration', day),
      invitationsPerOrganisation: limiter('invitationsPerOrganisation', day),
      staffResends: limiter('staffResends', hour),
      loginsPerAccount: limiter('loginsPerAccount', 10 * minute),
      loginsPerAccountOverall: limiter('loginsPerAccountOverall', minute),
      loginsPerSource: limiter('loginsPerSource', 10 * minute),
      wrongApiKeysPerSource: limiter('wrongApiKeysPerSource', 10 * minute),
      requestsPerApiKey: limiter('requestsPerApiKey', minute),
      secondFactorsPerSession: limiter('secondFactorsPerSession', 10 * minute),
      secondFactorsPerAccount: limiter('secondFactorsPerAccount', 10 * minute),
      secondFactorsPerAccountOverall: limiter('secondFactorsPerAccountOverall', hour),
    };
  }

  /** Counts one; rejects with `tooManyAttempts` and the seconds to wait when the limit is reached. */
  async consume(name: keyof Limits, who: string): Promise<void> {
    const wait = await this.count(name, who);
    if (wait > 0) throw new RequestError('tooManyAttempts', { retryAfter: wait });
  }

  async forget(name: keyof Limits, who: string): Promise<void> {
    await this.limiters[name].delete(this.key(who));
  }

  /** Whether one more mail may go to this mailbox now; suppressed ones count as well, for every address alike (E3, L1). */
  async mayMail(email: string): Promise<boolean> {
    const mailbox = mailboxFamily(email);
    const waits = await Promise.all([
      this.count('mailsPerMailboxMinute', mailbox),
      this.count('mailsPerMailboxHour', mailbox),
      this.count('mailsPerMailboxDay', mailbox),
    ]);
    if (waits.some((wait) => wait > 0)) return false;
    return (await this.count('mailsOverall', 'all')) === 0;
  }

  private async count(name: keyof Limits, who: string): Promise<number> {
    try {
      await this.limiters[name].consume(this.key(who));
      return 0;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      // Once a minute, whichever process counts it: somebody may be using the sign-up to send mail (L7).
      if (name === 'mailsOverall' && refusal.consumedPoints === this.limits.mailsOverall + 1)
        this.log?.error({ limit: this.limits.mailsOverall }, 'more mails a minute than the limit for all: they wait');
      return seconds(refusal);
    }
  }

  /** Addresses are kept as keyed hashes only (security.md D1, R1). */
  private key(who: string): string {
    return this.keys.hash('rate-limit', who).toString('base64url');
  }
}

const seconds = (result: RateLimiterRes) => Math.max(1, Math.ceil(result.msBeforeNext / 1000));

/** One bucket for what is likely one mailbox (L2): without tag and dots. For limits only; identities keep both. */
function mailboxFamily(email: string): string {
  const at = email.lastIndexOf('@');
  const local = email.slice(0, at).split('+')[0]!.replaceAll('.', '');
  return `${local}@${domainToASCII(email.slice(at + 1))}`;
}
