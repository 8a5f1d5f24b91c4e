import { z } from 'zod';
import { cancelEmailChange } from '../../../db/email-changes.js';
import { askForEmailChange, confirmEmailChange, isOwn, presentEmailChange } from '../../email-changes.js';
import { assertThat, RequestError } from '../../errors.js';
import { setFlash } from '../../flash.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { ConfirmEmailPage, EmailChangeEndPage } from '../../pages/email-change-pages.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import { done, plainForm } from '../console/console-request.js';
import { email as emailSchema, fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import type { ShowSecurity } from './security.js';

const security = '/account/security';
const password = z.string().max(4_096);
const askForm = z.strictObject({
  newEmail: z.string().max(1_000),
  emailPassword: password,
  formToken: z.string().optional(),
});
const askBody = z.strictObject({ newEmail: emailSchema, currentPassword: password });
const confirmForm = z.strictObject({ password: password.optional(), formToken: z.string().optional() });
const confirmBody = z.strictObject({ currentPassword: password.optional() });
const accepted = z.strictObject({ status: z.literal('accepted') });
const changed = z.strictObject({ status: z.literal('emailChanged') });

type Change = NonNullable<Awaited<ReturnType<typeof presentEmailChange>>>;

/** Another address to log in with: the old one stays until the new one is proven (security.md C18). */
export function emailChangeRoutes({ services, secure, publicUrl }: Wiring, show: ShowSecurity): Route[] {
  const { db } = services;
  const mailDomain = new URL(publicUrl).hostname;
  const tokenOf = (ctx: Context) => ctx.params.token ?? '';
  const present = (ctx: Context) => presentEmailChange(services, tokenOf(ctx), ctx.state.source);
  const cancel = (ctx: Context) => db.transaction((trx) => cancelEmailChange(trx, ctx.state.user!.userId));

  async function submitAsk(ctx: Context) {
    const { newEmail: typed, emailPassword } = bodyOf(ctx, askForm);
    const email = emailSchema.safeParse(typed);
    if (!email.success) {
      const errors = { newEmail: fieldErrors(email.error)[''] ?? 'invalidEmail' };
      return show(ctx, { newEmail: typed, errors }, 400);
    }
    try {
      await askForEmailChange(services, ctx, { newEmail: email.data, password: emailPassword }, mailDomain);
    } catch (error) {
      const { errors, ...rest } = shownFault(ctx, error, 'emailPassword');
      return show(ctx, { newEmail: typed, errors, ...rest }, (error as RequestError).status);
    }
    done(ctx, security, 'emailAsked', secure);
  }

  async function submitCancel(ctx: Context) {
    await cancel(ctx);
    done(ctx, security, 'emailCancelled', secure);
  }

  async function create(ctx: Context) {
    const { newEmail, currentPassword } = bodyOf(ctx, askBody);
    await askForEmailChange(services, ctx, { newEmail, password: currentPassword }, mailDomain);
    ctx.status = 202;
    ctx.body = { status: 'accepted' };
  }

  async function remove(ctx: Context) {
    await cancel(ctx);
    ctx.status = 204;
  }

  function showConfirm(ctx: Context, change: Change, fault: Fault = { errors: {} }, status = 200) {
    showPage(
      ctx,
      ConfirmEmailPage,
      {
        token: tokenOf(ctx),
        email: change.email,
        newEmail: change.newEmail,
        asksPassword: !isOwn(ctx, change),
        ...fault,
      },
      status,
    );
  }

  const showEnd = (ctx: Context, reason: 'gone' | 'taken') =>
    showPage(ctx, EmailChangeEndPage, { reason }, reason === 'gone' ? 404 : 409);

  async function open(ctx: Context) {
    const change = await present(ctx);
    return change ? showConfirm(ctx, change) : showEnd(ctx, 'gone');
  }

  async function submitConfirm(ctx: Context) {
    const change = await present(ctx);
    if (!change) return showEnd(ctx, 'gone');
    const own = { token: tokenOf(ctx), password: bodyOf(ctx, confirmForm).password, mailDomain };
    try {
      const outcome = await confirmEmailChange(services, ctx, change, own);
      if (outcome !== 'done') return showEnd(ctx, outcome);
    } catch (error) {
      return showConfirm(ctx, change, shownFault(ctx, error, 'password'), (error as RequestError).status);
    }
    if (isOwn(ctx, change)) return done(ctx, security, 'emailChanged', secure);
    setFlash(ctx, { notice: 'emailChanged', email: change.newEmail }, secure);
    seeOther(ctx, '/login');
  }

  async function confirm(ctx: Context) {
    const change = await present(ctx);
    assertThat(change, 'linkInvalid');
    const own = { token: tokenOf(ctx), password: bodyOf(ctx, confirmBody).currentPassword, mailDomain };
    const outcome = await confirmEmailChange(services, ctx, change, own);
    assertThat(outcome !== 'gone', 'linkInvalid');
    assertThat(outcome !== 'taken', 'conflict');
    ctx.body = { status: 'emailChanged' };
  }

  const page = { kind: 'page', audience: 'user', method: 'post' } as const;
  const link = { kind: 'page', audience: 'link', path: '/email-change/:token' } as const;
  return [
    { ...page, path: `${security}/email`, body: askForm, handle: submitAsk },
    { ...page, path: `${security}/email/cancel`, body: plainForm, handle: submitCancel },
    { ...link, method: 'get', handle: open },
    { ...link, method: 'post', body: confirmForm, handle: submitConfirm },
    {
      kind: 'api',
      method: 'post',
      path: '/api/v1/me/email-change',
      audience: 'user',
      summary: 'Ask for another e-mail address; the old one stays until the new one is proven',
      body: askBody,
      responses: { 202: { description: 'Accepted; a link goes to the new address', body: accepted } },
      handle: create,
    },
    {
      kind: 'api',
      method: 'delete',
      path: '/api/v1/me/email-change',
      audience: 'user',
      summary: 'Keep the e-mail address as it is; the link dies',
      responses: { 204: { description: 'Nothing waits any more' } },
      handle: remove,
    },
    {
      kind: 'api',
      method: 'post',
      path: '/api/v1/email-changes/:token',
      audience: 'link',
      summary: 'Prove the new address; whoever is not logged in as its user sends the password too',
      body: confirmBody,
      responses: { 200: { description: 'The address is changed', body: changed } },
      handle: confirm,
    },
  ];
}

interface Fault {
  errors: FieldErrors;
  error?: string;
  seconds?: number;
}

/** What a page says of a request that did not go through; rejects again with what no page can say. */
function shownFault(ctx: Context, error: unknown, passwordField: string): Fault {
  if (!(error instanceof RequestError)) throw error;
  const { code, details } = error;
  if (code === 'wrongPassword') return { errors: { [passwordField]: code } };
  if (code === 'invalidFields') return { errors: details.fields ?? {} };
  if (code !== 'tooManyAttempts') throw error;
  ctx.set('Retry-After', String(details.retryAfter));
  return { errors: {}, error: code, seconds: details.retryAfter };
}
