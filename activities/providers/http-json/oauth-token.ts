import { createHash } from 'node:crypto';
import { z } from 'zod';
import { checkEndpoint, isListed } from '../endpoint.js';
import { type LookupFailure, misconfigured, temporary } from '../plugin.js';
import { type SafeAnswer, safeRequest } from '../safe-http.js';
import { failureOf, parseJson } from './classify.js';
import { basicCredentials, isHeaderText } from './credentials.js';
import type { HttpJsonConfig } from './settings.js';

type OauthConfig = Extract<HttpJsonConfig, { authentication: 'oauth2' }>;

export interface TokenTools {
  allowedOrigins: string[];
  endsAt: number;
}

interface KeptToken {
  token: string;
  expiresAt: number;
}

/** In seconds: a token is not used so shortly before it expires, nor kept longer than this, whatever its maker says. */
const expiryMargin = 30;
const longestUse = 60 * 60;
const mostTokens = 100;

/** By a hash of all that a token was asked with: another secret asks for another token (security.md F10). */
const kept = new Map<string, KeptToken>();

/** A token by client credentials (RFC 6749, 4.4), kept in memory until it expires or is forgotten. */
export async function getOauthToken(
  config: OauthConfig,
  clientSecret: string,
  tools: TokenTools,
): Promise<{ token: string; forget?: () => void } | { failure: LookupFailure }> {
  const key = keyOf(config, clientSecret);
  const known = kept.get(key);
  if (known && known.expiresAt > Date.now()) return { token: known.token, forget: () => kept.delete(key) };
  const fetched = await fetchToken(config, clientSecret, tools);
  if ('failure' in fetched) return fetched;
  keep(key, fetched);
  return { token: fetched.token };
}

async function fetchToken(
  { tokenUrl, clientId, scope }: OauthConfig,
  clientSecret: string,
  { allowedOrigins, endsAt }: TokenTools,
): Promise<KeptToken | { failure: LookupFailure }> {
  if (checkEndpoint(tokenUrl, allowedOrigins)) return { failure: misconfigured('addressForbidden') };
  const url = new URL(tokenUrl);
  const asked = await safeRequest({
    url,
    method: 'POST',
    headers: {
      authorization: basicCredentials(encodeURIComponent(clientId), encodeURIComponent(clientSecret)),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope ? { scope } : {}) }).toString(),
    endsAt,
    anyAddress: isListed(url, allowedOrigins),
  });
  return 'failure' in asked ? asked : readToken(asked.answer);
}

const tokenAnswer = z.object({
  access_token: z.string().max(8_192).refine(isHeaderText),
  token_type: z.string().regex(/^bearer$/i),
  // Some servers send their numbers as text; without one nothing says how long the token may be used.
  expires_in: z.coerce.number().catch(0),
});

function readToken(answer: SafeAnswer): KeptToken | { failure: LookupFailure } {
  // So a token server says that it does not know the client or its secret (RFC 6749, 5.2).
  if (answer.status === 400) return { failure: misconfigured('notAuthorised') };
  const failure = failureOf(answer);
  if (failure) return { failure };
  const parsed = tokenAnswer.safeParse(parseJson(answer.text));
  if (!parsed.success) return { failure: temporary('notJson') };
  const { access_token: token, expires_in: seconds } = parsed.data;
  return { token, expiresAt: Date.now() + (Math.min(seconds, longestUse) - expiryMargin) * 1000 };
}

function keep(key: string, token: KeptToken) {
  if (token.expiresAt <= Date.now()) return;
  kept.set(key, token);
  // The oldest goes first; there are more than a few only after many changes of the settings.
  for (const [oldest] of kept) if (kept.size > mostTokens) kept.delete(oldest);
}

const keyOf = ({ tokenUrl, clientId, scope = '' }: OauthConfig, clientSecret: string): string =>
  createHash('sha256')
    .update(JSON.stringify([tokenUrl, clientId, scope, clientSecret]))
    .digest('base64');
