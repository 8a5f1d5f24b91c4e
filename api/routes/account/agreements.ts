import { z } from 'zod';
import { loadProfile } from '../../../db/account-profiles.js';
import { type Agreement, acceptAgreements, pendingAgreements } from '../../../db/agreements.js';
import { afterLogin } from '../../after-login.js';
import { RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { isLanguage, languages } from '../../i18n.js';
import { AcceptPage } from '../../pages/account/accept-page.js';
import { ConsentsPage } from '../../pages/account/consents-page.js';
import { showPage } from '../../show-page.js';
import { agreement } from '../agreements.js';
import { formFields } from '../console/console-request.js';
import type { Wiring } from '../wiring.js';
import { presentAccount } from './present.js';

const acceptPath = '/account/agreements/accept';
/** `language`: in which the page showed the texts, for another tab may have changed it since. */
const acceptForm = z.strictObject({
  ...formFields,
  terms: z.string().max(100).optional(),
  privacy: z.string().max(100).optional(),
  language: z.string().max(10).optional(),
});
const acceptBody = z.strictObject({
  /** `versionId`s as `GET /api/v1/me/pending-agreements` gave them. */
  accepted: z.array(z.uuid()).min(1).max(10),
  language: z.enum(languages).optional(),
});

/** What the person has accepted, and what is asked of them before anything else when a new version is published. */
export function agreementsRoutes({ services: { db }, secure }: Wiring): Route[] {
  const ownId = (ctx: Context) => ctx.state.user!.userId;

  async function showAccepted(ctx: Context) {
    const { consents } = presentAccount(await loadProfile(db, ownId(ctx)));
    // The terms before the privacy policy, where both were accepted together.
    const newestFirst = consents.toReversed().toSorted((one, other) => other.acceptedAt.localeCompare(one.acceptedAt));
    showPage(ctx, ConsentsPage, { consents: newestFirst });
  }

  async function showPending(ctx: Context) {
    const { language } = ctx.state;
    const agreements = await pendingAgreements(db, ownId(ctx), language);
    if (agreements.length === 0) return ctx.redirect(afterLogin(ctx, secure));
    showPage(ctx, AcceptPage, { agreements, language, accepted: {}, errors: {} });
  }

  /** Only what was shown is accepted: a version published meanwhile is shown first (security.md C11, D10). */
  async function accept(ctx: Context) {
    const form = bodyOf(ctx, acceptForm);
    const language = isLanguage(form.language) ? form.language : ctx.state.language;
    const agreements = await pendingAgreements(db, ownId(ctx), language);
    const isAccepted = ({ document, versionId }: Agreement) => form[document] === versionId;
    const missing = agreements.filter((agreement) => !isAccepted(agreement));
    if (missing.length > 0) {
      const isOutdated = missing.some(({ document }) => form[document]);
      const ticked = agreements.filter(isAccepted).map(({ document }) => [document, true]);
      const model = {
        agreements,
        language,
        accepted: Object.fromEntries(ticked),
        errors: isOutdated ? {} : Object.fromEntries(missing.map(({ document }) => [document, 'mustAccept'])),
        problem: isOutdated ? 'agreementOutdated' : undefined,
      };
      return showPage(ctx, AcceptPage, model, isOutdated ? 409 : 400);
    }
    // Another device may have been quicker: then nothing is left to accept.
    if (agreements.length > 0) await acceptAgreements(db, ownId(ctx), agreements);
    seeOther(ctx, afterLogin(ctx, secure));
  }

  async function list(ctx: Context) {
    ctx.body = await pendingAgreements(db, ownId(ctx), ctx.state.language);
  }

  async function acceptListed(ctx: Context) {
    const { accepted, language = ctx.state.language } = bodyOf(ctx, acceptBody);
    const pending = await pendingAgreements(db, ownId(ctx), language);
    const { consents } = await loadProfile(db, ownId(ctx));
    const known = [...pending, ...consents].map(({ versionId }) => versionId);
    if (!accepted.every((versionId) => known.includes(versionId))) throw new RequestError('conflict');
    const chosen = pending.filter(({ versionId }) => accepted.includes(versionId));
    if (chosen.length > 0) await acceptAgreements(db, ownId(ctx), chosen);
    ctx.status = 204;
  }

  const page = { kind: 'page', audience: 'user' } as const;
  const api = { kind: 'api', audience: 'user', whilePending: 'agreements' } as const;
  return [
    { ...page, method: 'get', path: '/account/agreements', handle: showAccepted },
    { ...page, method: 'get', path: acceptPath, whilePending: 'agreements', handle: showPending },
    { ...page, method: 'post', path: acceptPath, whilePending: 'agreements', body: acceptForm, handle: accept },
    {
      ...api,
      method: 'get',
      path: '/api/v1/me/pending-agreements',
      summary: 'What the signed-in user still has to accept before anything else, in the language of Accept-Language',
      responses: { 200: { description: 'The agreements; none: nothing is pending', body: z.array(agreement) } },
      handle: list,
    },
    {
      ...api,
      method: 'post',
      path: '/api/v1/me/consents',
      summary: 'Accepts agreements in the version and language that were shown; may be repeated',
      body: acceptBody,
      responses: { 204: { description: 'Accepted' } },
      handle: acceptListed,
    },
  ];
}
