/** The way of a person who has forgotten the password; works without script. A GET of the link changes nothing (T4). */
import { z } from 'zod';
import { loadSettings } from '../../db/registrations.js';
import { readFlash, setFlash } from '../flash.js';
import { bodyOf, type Context, type Route, seeOther } from '../http.js';
import type { FieldErrors } from '../pages/models.js';
import { NewPasswordPage, ResetLinkEndPage, ResetRequestPage, ResetSentPage } from '../pages/password-reset-pages.js';
import { askForReset, finishReset, hasPassword, presentReset } from '../password-resets.js';
import { showPage } from '../show-page.js';
import { email as emailSchema, fieldErrors } from './registrations/schema.js';
import type { Wiring } from './wiring.js';

const requestForm = z.strictObject({ email: z.string().max(1_000), formToken: z.string().optional() });
const passwordForm = z.strictObject({ newPassword: z.string().max(4_096), formToken: z.string().optional() });

/** Seconds until a mailbox takes another mail (`mailsPerMailboxMinute`). */
const resendAfter = 60;
const path = '/password-reset';

type Reset = NonNullable<Awaited<ReturnType<typeof presentReset>>>;

export function resetPages({ services, secure, publicUrl, inboxUrl }: Wiring): Route[] {
  const mailDomain = new URL(publicUrl).hostname;

  function showRequest(ctx: Context, shown: { email?: string; errors?: FieldErrors } = {}, status = 200) {
    showPage(ctx, ResetRequestPage, { email: readFlash(ctx, secure).email, errors: {}, ...shown }, status);
  }

  async function ask(ctx: Context) {
    const { email: typed } = bodyOf(ctx, requestForm);
    const email = emailSchema.safeParse(typed);
    if (!email.success)
      return showRequest(ctx, { email: typed, errors: { email: fieldErrors(email.error)[''] ?? 'invalidEmail' } }, 400);
    await services.limits.consume('resetsPerSource', ctx.state.source);
    await askForReset(services, { email: email.data, language: ctx.state.language, mailDomain });
    setFlash(ctx, { email: email.data }, secure);
    seeOther(ctx, `${path}/sent`);
  }

  function showSent(ctx: Context) {
    const { email } = readFlash(ctx, secure);
    if (!email) return seeOther(ctx, path);
    showPage(ctx, ResetSentPage, { email, resendAfter, inboxUrl });
  }

  /** What the handler needs of a link that works; any other is answered here, all in the same way (T11). */
  const withReset = (handle: (ctx: Context, reset: Reset, token: string) => Promise<void>) => async (ctx: Context) => {
    const token = ctx.params.token ?? '';
    const reset = await presentReset(services, token, ctx.state.source);
    return reset ? handle(ctx, reset, token) : showEnd(ctx);
  };

  async function showForm(ctx: Context, reset: Reset, errors: FieldErrors = {}, status = 200) {
    const { password_minimum: passwordMinimum } = await loadSettings(services.db);
    const { user } = ctx.state;
    const otherUser = user && user.userId !== reset.userId ? user.email : undefined;
    const model = { token: ctx.params.token ?? '', email: reset.email, passwordMinimum, errors, otherUser };
    showPage(ctx, NewPasswordPage, model, status);
  }

  async function choose(ctx: Context, reset: Reset, token: string) {
    const { newPassword: password } = bodyOf(ctx, passwordForm);
    const outcome = await finishReset(services, reset, { token, password, mailDomain });
    // Unless the first of two clicks was quicker.
    if (outcome.kind === 'gone' && !(await hasPassword(services, reset, password))) return showEnd(ctx);
    if (outcome.kind === 'weak') return showForm(ctx, reset, { newPassword: outcome.problem }, 400);
    setFlash(ctx, { notice: 'passwordSet', email: reset.email }, secure);
    seeOther(ctx, '/login');
  }

  const showEnd = (ctx: Context) => showPage(ctx, ResetLinkEndPage, {}, 404);

  const page = { kind: 'page' } as const;
  const link = { ...page, path: `${path}/:token`, audience: 'link' } as const;
  return [
    { ...page, method: 'get', path, audience: 'public', handle: (ctx) => showRequest(ctx) },
    { ...page, method: 'post', path, audience: 'public', body: requestForm, handle: ask },
    { ...page, method: 'get', path: `${path}/sent`, audience: 'public', handle: showSent },
    { ...link, method: 'get', handle: withReset((ctx, reset) => showForm(ctx, reset)) },
    { ...link, method: 'post', body: passwordForm, handle: withReset(choose) },
  ];
}
