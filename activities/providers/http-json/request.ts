import { codePlaceholder } from '../endpoint.js';
import type { LookupTools } from '../plugin.js';
import type { SafeRequest } from '../safe-http.js';
import type { HttpJsonConfig } from './settings.js';
import { signatureHeaders } from './signature.js';

/** The question to the provider, without its authentication. The code is the only thing that it says of anybody. */
export function buildRequest(
  code: string,
  config: HttpJsonConfig,
  { lookupId, secrets }: LookupTools,
): Pick<SafeRequest, 'url' | 'method' | 'headers' | 'body'> {
  const asksByUrl = config.url.includes(codePlaceholder);
  const url = new URL(config.url.replaceAll(codePlaceholder, () => encodeURIComponent(code)));
  const body = asksByUrl ? undefined : JSON.stringify({ code });
  const content = body ?? url.pathname + url.search;
  const timestamp = Math.floor(Date.now() / 1000);
  return {
    url,
    method: asksByUrl ? 'GET' : 'POST',
    body,
    headers: {
      'idempotency-key': lookupId,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(secrets.signingSecret ? signatureHeaders(secrets.signingSecret, { lookupId, content, timestamp }) : {}),
    },
  };
}
