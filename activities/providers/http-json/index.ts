import { isAskable } from '../askable-code.js';
import { checkEndpoint, isListed } from '../endpoint.js';
import { type LookupResult, type LookupTools, misconfigured, type ProviderPlugin } from '../plugin.js';
import { safeRequest } from '../safe-http.js';
import { authenticate } from './authentication.js';
import { classifyAnswer } from './classify.js';
import { buildRequest } from './request.js';
import { type HttpJsonConfig, httpJsonSettings } from './settings.js';

/** Asks the provider's own service over HTTPS for each code (security.md F). */
export const httpJson: ProviderPlugin<HttpJsonConfig> = {
  ...httpJsonSettings,
  async lookup(code, config, tools) {
    if (!isAskable(code)) return { outcome: 'notFound' };
    // The deployment's list may have changed since the settings were saved.
    if (checkEndpoint(config.url, tools.allowedOrigins)) return misconfigured('addressForbidden');
    const endsAt = performance.now() + config.timeLimitSeconds * 1000;
    const { result, staleToken } = await ask(code, config, tools, endsAt);
    // A token that was revoked before its time is nobody's mistake: once, a fresh one is tried.
    return staleToken ? (await ask(code, config, tools, endsAt)).result : result;
  },
};

async function ask(
  code: string,
  config: HttpJsonConfig,
  tools: LookupTools,
  endsAt: number,
): Promise<{ result: LookupResult; staleToken: boolean }> {
  const { allowedOrigins, secrets } = tools;
  const shown = await authenticate(config, secrets, { allowedOrigins, endsAt });
  if ('failure' in shown) return { result: shown.failure, staleToken: false };
  const question = buildRequest(code, config, tools);
  const asked = await safeRequest({
    ...question,
    headers: { ...question.headers, ...shown.headers },
    endsAt,
    anyAddress: isListed(question.url, allowedOrigins),
  });
  if ('failure' in asked) return { result: asked.failure, staleToken: false };
  const staleToken = asked.answer.status === 401 && shown.forget !== undefined;
  if (staleToken) shown.forget?.();
  return { result: classifyAnswer(asked.answer), staleToken };
}
