import { z } from 'zod';
import { endSession } from '../end-session.js';
import { bodyOf, type Context, type Route, seeOther } from '../http.js';
import { ChoicePage } from '../pages/sign-in/choice-page.js';
import { ConsentPage } from '../pages/sign-in/consent-page.js';
import { ReturnPage } from '../pages/sign-in/return-page.js';
import { showPage } from '../show-page.js';
import { isOlderThan, missingScopes, needsNewLogin, type SignInRequest, SignInRequests } from '../sign-in/requests.js';
import type { Wiring } from './wiring.js';

const decisionForm = z.strictObject({
  decision: z.enum(['allow', 'deny', 'continue', 'newAccount']),
  formToken: z.string().optional(),
});

/** What happens here between an application's request and its answer. The request is found by the browser's cookie. */
export function signInRoutes({ services: { db }, signIn, secure }: Wiring): Route[] {
  const requests = new SignInRequests(signIn, secure);

  /** Takes the next step; where there is none left, back to the application. */
  async function goOn(ctx: Context) {
    const request = await requests.find(ctx);
    const { user } = ctx.state;
    // Whoever is logged in goes on to the account from there.
    if (!request) return ctx.redirect('/login');
    const isCreate = request.interaction.prompt.name === 'create';
    if (!user) return ctx.redirect(isCreate ? '/register' : '/login');
    if (user.pending.length > 0) return ctx.redirect('/account');
    if (isCreate && isOlderThan(request, user)) return askWhoseAccount(ctx, request);
    if (needsNewLogin(request, user)) return ctx.redirect('/login');
    if (request.interaction.prompt.name !== 'consent')
      return ctx.redirect(await requests.answerLogin(ctx, request, user));
    if (request.application.firstParty) return ctx.redirect(await requests.answerConsent(ctx, request, user));
    const { application } = request;
    const model = { application: application.name, scopes: missingScopes(request), email: user.email };
    showPage(ctx, ConsentPage, model);
  }

  function askWhoseAccount(ctx: Context, { application }: SignInRequest) {
    const { givenName, familyName, email } = ctx.state.user!;
    showPage(ctx, ChoicePage, { application: application.name, name: `${givenName} ${familyName}`, email });
  }

  /** Takes a decision for what it is in place of: the form may be older than the request. */
  async function decide(ctx: Context) {
    const { decision } = bodyOf(ctx, decisionForm);
    const request = await requests.find(ctx);
    const { user } = ctx.state;
    if (!request || !user || user.pending.length > 0) return seeOther(ctx, '/sign-in');
    const { name } = request.interaction.prompt;
    if (decision === 'newAccount' && name === 'create') {
      await endSession(ctx, db, secure);
      return seeOther(ctx, '/register');
    }
    const answer = {
      continue: name === 'create' && requests.answerLogin,
      allow: name === 'consent' && requests.answerConsent,
      deny: name === 'consent' && requests.answerRefusal,
      newAccount: false as const,
    }[decision];
    if (!answer) return seeOther(ctx, '/sign-in');
    const path = await answer.call(requests, ctx, request, user);
    showPage(ctx, ReturnPage, { application: request.application.name, path });
  }

  /** The way on from a form that was sent, such as the login. */
  async function showReturn(ctx: Context) {
    const request = await requests.find(ctx);
    if (!request) return ctx.redirect('/account');
    showPage(ctx, ReturnPage, { application: request.application.name, path: '/sign-in' });
  }

  /** "Create new account" on the login page: the same request, with more time for it. */
  async function create(ctx: Context) {
    const request = await requests.find(ctx);
    ctx.redirect(request ? requests.restart(request, 'create') : '/register');
  }

  const page = { kind: 'page', audience: 'public' } as const;
  return [
    { ...page, method: 'get', path: '/sign-in', handle: goOn },
    { ...page, method: 'get', path: '/sign-in/return', handle: showReturn },
    { ...page, method: 'get', path: '/sign-in/create', handle: create },
    { ...page, method: 'post', path: '/sign-in', body: decisionForm, handle: decide },
  ];
}
