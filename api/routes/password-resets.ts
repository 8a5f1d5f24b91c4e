import { z } from 'zod';
import { assertThat, RequestError } from '../errors.js';
import { bodyOf, type Context, type Route } from '../http.js';
import { languages } from '../i18n.js';
import { askForReset, finishReset, presentReset } from '../password-resets.js';
import { resetPages } from './password-reset-pages.js';
import { email as emailSchema } from './registrations/schema.js';
import type { Wiring } from './wiring.js';

const requestBody = z.strictObject({ email: emailSchema, language: z.enum(languages).optional() });
const passwordBody = z.strictObject({ password: z.string().max(4_096) });
const accepted = z.strictObject({ status: z.literal('accepted') });
const changed = z.strictObject({ status: z.literal('passwordChanged') });

/** "Forgot your password?": a link by mail, with which a new one is chosen; as pages and as JSON. */
export function passwordResetRoutes(wiring: Wiring): Route[] {
  const { services, publicUrl } = wiring;
  const mailDomain = new URL(publicUrl).hostname;

  async function create(ctx: Context) {
    const { email, language = ctx.state.language } = bodyOf(ctx, requestBody);
    await services.limits.consume('resetsPerSource', ctx.state.source);
    await askForReset(services, { email, language, mailDomain });
    ctx.status = 202;
    ctx.body = { status: 'accepted' };
  }

  async function finish(ctx: Context) {
    const { password } = bodyOf(ctx, passwordBody);
    const token = ctx.params.token ?? '';
    const reset = await presentReset(services, token, ctx.state.source);
    assertThat(reset, 'linkInvalid');
    const outcome = await finishReset(services, reset, { token, password, mailDomain });
    assertThat(outcome.kind !== 'gone', 'linkInvalid');
    if (outcome.kind === 'weak') throw new RequestError('invalidFields', { fields: { password: outcome.problem } });
    ctx.body = { status: 'passwordChanged' };
  }

  return [
    ...resetPages(wiring),
    {
      kind: 'api',
      method: 'post',
      path: '/api/v1/password-resets',
      audience: 'public',
      summary: 'Ask for a link to choose a new password; the same answer for every address',
      body: requestBody,
      responses: { 202: { description: 'Accepted; whatever there is to say goes to the mailbox', body: accepted } },
      handle: create,
    },
    {
      kind: 'api',
      method: 'post',
      path: '/api/v1/password-resets/:token',
      audience: 'link',
      summary: 'Choose a new password; ends all sessions',
      body: passwordBody,
      responses: { 200: { description: 'The password is changed; log in with it', body: changed } },
      handle: finish,
    },
  ];
}
