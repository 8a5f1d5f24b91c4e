import { z } from 'zod';
import { listInvitations } from '../../../db/invitations.js';
import { openRequests } from '../../../db/join-requests.js';
import { grantableTypes } from '../../../db/organisation-user-list.js';
import { RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { languageNames, languages } from '../../i18n.js';
import { invite, inviterOf, resend, revoke } from '../../invitations.js';
import { type InvitationsModel, InvitationsPage } from '../../pages/account/invitations-page.js';
import { showPage } from '../../show-page.js';
import { done, formFields, plainForm } from '../console/console-request.js';
import { takeDone } from '../console/take-done.js';
import { pathId } from '../console/typed-text.js';
import { email as emailSchema, fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';

const path = '/account/invitations';
const invitationForm = z.strictObject({
  ...formFields,
  email: z.string().max(1_000),
  userTypeId: z.union([z.uuid(), z.literal('')]),
  language: z.enum(languages),
});

/** The invitations of an administrator's organisation, as pages; the same functions as the JSON API's. */
export function invitationPages({ services, secure, publicUrl }: Wiring): Route[] {
  const mailDomain = new URL(publicUrl).hostname;

  async function show(ctx: Context, shown: Partial<InvitationsModel> = {}, status = 200) {
    const inviter = inviterOf(ctx);
    const [requests, invitations, userTypes] = await Promise.all([
      openRequests(services.db, inviter.userId),
      listInvitations(services.db, inviter),
      grantableTypes(services.db, inviter, inviter.permissions),
    ]);
    const model: InvitationsModel = {
      requests: requests.map(({ id, name, email }) => ({ id, name, email })),
      invitations: invitations.map(({ id, email, state, userType, invitedBy, expiresAt }) => ({
        id,
        email,
        state,
        userType: userType ?? undefined,
        invitedBy: invitedBy ?? undefined,
        expiresAt: expiresAt.toISOString(),
      })),
      userTypes,
      form: {},
      languages: languages.map((language) => [language, languageNames[language]]),
      errors: {},
      done: status === 200 ? takeDone(ctx, secure) : undefined,
      ...shown,
    };
    showPage(ctx, InvitationsPage, model, status);
  }

  /** Shows the page again with what was wrong; anything else is no affair of this page. */
  async function attempt(ctx: Context, key: string, work: () => Promise<unknown>, form: InvitationsModel['form'] = {}) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const { code, status, details } = error;
      if (code !== 'invalidFields' && code !== 'tooManyAttempts') throw error;
      if (details.retryAfter) ctx.set('Retry-After', String(details.retryAfter));
      // Of a form without fields, what is wrong is told above.
      const isOfForm = code === 'invalidFields' && Object.keys(form).length > 0;
      const fault = isOfForm ? { errors: details.fields } : { error: code === 'invalidFields' ? 'forbidden' : code };
      return show(ctx, { form, seconds: details.retryAfter, ...fault }, status);
    }
    done(ctx, path, key, secure);
  }

  async function send(ctx: Context) {
    const { email: typed, userTypeId, language } = bodyOf(ctx, invitationForm);
    const form = { email: typed, userTypeId, language };
    const email = emailSchema.safeParse(typed);
    if (!email.success)
      return show(ctx, { form, errors: { email: fieldErrors(email.error)[''] ?? 'invalidEmail' } }, 400);
    // Chosen on purpose: nobody becomes an administrator because that type stood first.
    if (!userTypeId) return show(ctx, { form, errors: { userTypeId: 'required' } }, 400);
    const wish = { email: email.data, userTypeId, language };
    await attempt(ctx, 'invited', () => invite(services, inviterOf(ctx), wish, mailDomain), form);
  }

  const sendAgain = (ctx: Context) =>
    attempt(ctx, 'invitationResent', () => resend(services, inviterOf(ctx), pathId(ctx), mailDomain));
  const takeBack = (ctx: Context) =>
    attempt(ctx, 'invitationRevoked', () => revoke(services, inviterOf(ctx), pathId(ctx)));

  const page = { kind: 'page', audience: 'user-admin' } as const;
  return [
    { ...page, method: 'get', path, handle: (ctx) => show(ctx) },
    { ...page, method: 'post', path, body: invitationForm, handle: send },
    { ...page, method: 'post', path: `${path}/:id/resend`, body: plainForm, handle: sendAgain },
    { ...page, method: 'post', path: `${path}/:id/revoke`, body: plainForm, handle: takeBack },
  ];
}
