import { type LookupFailure, misconfigured } from '../plugin.js';
import { basicCredentials, isHeaderText } from './credentials.js';
import { getOauthToken, type TokenTools } from './oauth-token.js';
import type { HttpJsonConfig } from './settings.js';

export interface Authentication {
  headers: Record<string, string>;
  /** Of a token that was kept from an earlier lookup: forgets it, for it may have been revoked meanwhile. */
  forget?: () => void;
}

/** The headers that show the provider who asks, or why there are none. */
export async function authenticate(
  config: HttpJsonConfig,
  secrets: Record<string, string>,
  tools: TokenTools,
): Promise<Authentication | { failure: LookupFailure }> {
  const { token = '', password = '', apiKey = '', clientSecret = '' } = secrets;
  switch (config.authentication) {
    case 'none':
      return { headers: {} };
    case 'bearer':
      return secretHeader('authorization', token, 'Bearer ');
    case 'basic':
      return { headers: { authorization: basicCredentials(config.userName, password) } };
    case 'apiKey':
      return secretHeader(config.headerName.toLowerCase(), apiKey);
    case 'oauth2': {
      const got = await getOauthToken(config, clientSecret, tools);
      return 'failure' in got ? got : { headers: { authorization: `Bearer ${got.token}` }, forget: got.forget };
    }
  }
}

/** A secret that no header can carry is told as such, never sent in part. */
function secretHeader(name: string, secret: string, scheme = ''): Authentication | { failure: LookupFailure } {
  return isHeaderText(secret) ? { headers: { [name]: scheme + secret } } : { failure: misconfigured('secretInvalid') };
}
