import type { z } from 'zod';
import type { ProviderMetadata } from './metadata.js';

/** Nothing is wrong with our settings: asking again later may help. */
export type TemporaryReason = 'unreachable' | 'timeout' | 'serverError' | 'tooBusy' | 'notJson' | 'tooLarge';

/** Asking again brings the same: somebody must change the settings here or at the provider. */
export type MisconfiguredReason =
  | 'notAuthorised'
  | 'refused'
  | 'redirect'
  | 'addressForbidden'
  | 'badCertificate'
  | 'secretMissing'
  | 'secretInvalid'
  | 'nameMissing'
  | 'configInvalid';

/** All that is ever told of an asking that failed: these codes, never what the provider or the network said (security.md F6). */
export type LookupFailure =
  | { outcome: 'temporary'; reason: TemporaryReason; retryAfterSeconds?: number }
  | { outcome: 'misconfigured'; reason: MisconfiguredReason };

/** The four ways in which a lookup ends; "not found" is what a provider says, never what we guess (security.md F8). */
export type LookupResult =
  | { outcome: 'found'; record: Record<string, unknown> }
  | { outcome: 'notFound' }
  | LookupFailure;

export interface LookupTools {
  /** Equal over the retries of one lookup; becomes the Idempotency-Key header (security.md F7). */
  lookupId: string;
  /** Decrypted, by the name of the secret field; read anew for each attempt, so that a rotated one counts (security.md F10). */
  secrets: Record<string, string>;
  /** Of the deployment: origins that may be http, have any port and lie on private addresses; if there are any, no other is asked. */
  allowedOrigins: string[];
  /** Of csv-file: the uploaded row of this code, which is in canonical form. */
  findListed(code: string): Promise<Record<string, string> | undefined>;
}

/** A way of asking who a partner code belongs to. Never throws for what a provider or the network does. */
export interface ProviderPlugin<Config> {
  metadata: ProviderMetadata;
  configGuard: z.ZodType<Config>;
  lookup(code: string, config: Config, tools: LookupTools): Promise<LookupResult>;
}

export const temporary = (reason: TemporaryReason): LookupFailure => ({ outcome: 'temporary', reason });

export const misconfigured = (reason: MisconfiguredReason): LookupFailure => ({ outcome: 'misconfigured', reason });
