/** An application that signs people in, with the client library that such applications use. */
import { randomUUID } from 'node:crypto';
import * as oidc from 'openid-client';
import { type ApplicationValues, createApplication } from '../../db/applications.js';
import type { Answer, BrowserSession } from './browser-session.js';
import type { Stack } from './stack.js';

export const redirectUri = 'http://localhost:9/callback';

export interface RelyingParty {
  id: string;
  secret?: string;
  config: oidc.Configuration;
}

/** Registers an application and lets it discover the provider. */
export async function buildApplication(
  stack: Stack,
  { isPublic = false, ...values }: Partial<ApplicationValues> & { isPublic?: boolean } = {},
): Promise<RelyingParty> {
  const id = randomUUID();
  const secret = isPublic ? undefined : randomUUID();
  const application = { name: 'Fleet', redirect_uris: [redirectUri], post_logout_redirect_uris: [], first_party: true };
  await createApplication(stack.db, id, { ...application, ...values }, secret);
  return { id, secret, config: await discover(stack.url, id, secret) };
}

export const discover = (url: string, id: string, secret?: string) =>
  oidc.discovery(new URL(`${url}/oidc`), id, secret, secret ? undefined : oidc.None(), {
    execute: [oidc.allowInsecureRequests],
  });

/** One request of the application, with what it keeps to check the answer. */
export interface Authorization {
  url: string;
  checks: oidc.AuthorizationCodeGrantChecks;
}

export async function authorize({ config }: RelyingParty, params: Record<string, string> = {}): Promise<Authorization> {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email organisation',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...params,
  });
  return { url: url.href, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
}

/** Follows redirects as a browser does, to the first page or to the application (`location`). */
export async function follow(browser: BrowserSession, start: string): Promise<Answer & { path: string }> {
  let path = start;
  for (let hops = 0; hops < 10; hops++) {
    const answer = await browser.get(path.replace(browser.url, ''));
    const next = answer.location ?? /http-equiv="refresh" content="0;url=([^"]+)"/.exec(answer.text)?.[1];
    if (!next) return { ...answer, path };
    if (next.startsWith('http') && !next.startsWith(`${browser.url}/`)) return { ...answer, location: next, path };
    path = next;
  }
  throw new Error(`no end of redirects from ${start}`);
}

/** Exchanges what the application was called back with. */
export const exchange = ({ config }: RelyingParty, callback: string | null, { checks }: Authorization) =>
  oidc.authorizationCodeGrant(config, new URL(callback ?? 'about:blank'), checks);

/** The whole sign-in of a person who is logged in in this browser. */
export async function signIn(browser: BrowserSession, party: RelyingParty, params: Record<string, string> = {}) {
  const authorization = await authorize(party, params);
  const { location } = await follow(browser, authorization.url);
  return exchange(party, location, authorization);
}

/** The error code with which the library reports that the provider refused. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no refusal';
  } catch (error) {
    if (error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError) return error.error;
    if (error instanceof oidc.WWWAuthenticateChallengeError) return error.cause[0]?.parameters.error ?? 'challenge';
    throw error;
  }
}
