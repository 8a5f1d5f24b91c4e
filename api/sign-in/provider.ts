import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { hashOfSecret } from '../../db/applications.js';
import type { SigningKey } from '../../db/signing-keys.js';
import { cookieName } from '../cookies.js';
import type { RequestState } from '../http.js';
import { languages } from '../i18n.js';
import { type AdapterOptions, createAdapter } from './adapter.js';
import { claimsOfScopes, findAccount } from './claims.js';
import { endSessionPages, showProviderError } from './pages.js';
import { createPolicy } from './policy.js';

export interface ProviderOptions extends AdapterOptions {
  publicUrl: string;
  /** Cookies over TLS. */
  secure: boolean;
}

/** Where the provider is mounted; the issuer's path. */
export const mountPath = '/oidc';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
/** A registration waits for a mail, and for a person who has to look things up; a login does not. */
const createLifetime = day;
const loginLifetime = hour;
/** As long as a session here at most (`userSessionLifetimes`), with which it ends anyway. */
const sessionLifetime = 12 * hour;
/** Of what an application holds while nobody is logged in (`offline_access`). */
const grantLifetime = 14 * day;

/** The OpenID provider: authorization code with PKCE, refresh tokens, user info, revocation, logout; nothing else. */
export function createProvider(options: ProviderOptions, signingKeys: SigningKey[]): Provider {
  const provider = new MountedProvider(options.publicUrl + mountPath, configure(options, signingKeys));
  provider.tls = options.secure;
  const { prototype } = provider.Client;
  const { compareClientSecret } = prototype;
  prototype.compareClientSecret = function compareHash(presented) {
    return compareClientSecret.call(this, hashOfSecret(presented).toString('base64url'));
  };
  followSession(provider);
  return provider;
}

/** Who is logged in here is logged in for the provider, since then; it asks nobody who need not be asked. */
function followSession({ Session }: Provider): void {
  const { get } = Session;
  Session.get = async (ctx) => {
    const session = await get.call(Session, ctx);
    const { user } = ctx.state as Partial<RequestState>;
    if (session.accountId || !user || user.pending.length > 0) return session;
    session.loginAccount({ accountId: user.userId, loginTs: epochSeconds(user.createdAt), transient: true });
    // A new one is kept only when something has happened to it.
    return Object.assign(session, { touched: true });
  };
}

export const epochSeconds = (date: Date): number => Math.floor(date.getTime() / 1_000);

class MountedProvider extends Provider {
  tls = false;

  /** TLS ends at the proxy: what counts for cookies is how the browser came (as in `createApp`). */
  override createContext(...parts: Parameters<Provider['createContext']>) {
    const ctx = super.createContext(...parts);
    ctx.cookies.secure = this.tls;
    return ctx;
  }
}

function configure(options: ProviderOptions, signingKeys: SigningKey[]): Configuration {
  const { db, secure } = options;
  const cookie = { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const;
  return {
    adapter: (model) => createAdapter(model, options),
    findAccount: (_ctx, userId) => findAccount(db, userId),
    claims: claimsOfScopes,
    scopes: ['openid', 'offline_access', 'profile', 'email', 'phone', 'organisation'],
    jwks: { keys: signingKeys.map(({ jwk }) => jwk) },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    extraClientMetadata: { properties: ['first_party'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    cookies: {
      names: {
        session: cookieName('sign-in', secure),
        interaction: interactionCookie(secure),
        // Bound to the path of one request, which `__Host-` does not allow.
        resume: secure ? '__Secure-resume' : 'vestibule_resume',
      },
      long: cookie,
      short: cookie,
    },
    interactions: { policy: createPolicy(), url: () => '/sign-in' },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true, ...endSessionPages(secure) },
    },
    discovery: {
      ui_locales_supported: [...languages],
      prompt_values_supported: ['none', 'login', 'consent', 'create'],
    },
    clientBasedCORS: (_ctx, origin, client) =>
      client.redirectUris?.some((uri) => new URL(uri).origin === origin) ?? false,
    loadExistingGrant,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async (_ctx, token) => !token.scopes.has('offline_access'),
    rotateRefreshToken: true,
    renderError: showProviderError,
    ttl: {
      AccessToken: hour,
      AuthorizationCode: minute,
      IdToken: hour,
      RefreshToken: grantLifetime,
      Grant: grantLifetime,
      Session: sessionLifetime,
      Interaction: (_ctx, { prompt }) => (prompt.name === 'create' ? createLifetime : loginLifetime),
    },
  };
}

/** Names the request that this browser is about to answer; `afterLogin` looks for it, too. */
export const interactionCookie = (secure: boolean) => cookieName('request', secure);

/** What the person has granted the application; the platform's own are granted what they ask for without a question. */
async function loadExistingGrant({ oidc }: KoaContextWithOIDC) {
  const { client, account, session, result, provider, requestParamOIDCScopes } = oidc;
  if (!client || !account) return undefined;
  const id = result?.consent?.grantId ?? session?.grantIdFor(client.clientId);
  const found = id ? await provider.Grant.find(id) : undefined;
  const existing = found?.accountId === account.accountId ? found : undefined;
  if (!client.first_party) return existing;
  const grant = existing ?? new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  const granted = grant.getOIDCScope().split(' ');
  if (!existing || [...requestParamOIDCScopes].some((scope) => !granted.includes(scope))) {
    grant.addOIDCScope(requestParamOIDCScopes);
    await grant.save();
  }
  return grant;
}
