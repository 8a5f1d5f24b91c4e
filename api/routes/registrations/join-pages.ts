/** "My company is registered already": what stands beside the company form, for the holder of an activation link. */
import { z } from 'zod';
import type { PresentedLink } from '../../../db/registrations.js';
import { assertThat, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { askToJoin, ownRequest } from '../../join-requests.js';
import { type JoinModel, JoinPage } from '../../pages/join-page.js';
import { assertOpen, typedAnswers } from '../../registrations.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { withLink } from './link-pages.js';
import { fieldErrors, joinForm } from './schema.js';

const typedForm = z.strictObject({
  administratorEmail: z.string().optional(),
  givenName: z.string().optional(),
  familyName: z.string().optional(),
  formToken: z.string().optional(),
});

export function joinPages({ services }: Wiring): Route[] {
  async function show(ctx: Context, link: PresentedLink, shown: Partial<JoinModel> = {}, status = 200) {
    const { registration } = link;
    const waiting = await ownRequest(services, link);
    const model: JoinModel = {
      token: ctx.params.token ?? '',
      reference: registration.reference,
      answers: typedAnswers(services, registration),
      errors: {},
      waitsUntil: waiting?.expiresAt.toISOString(),
      ...shown,
    };
    showPage(ctx, JoinPage, model, status);
  }

  async function ask(ctx: Context, link: PresentedLink) {
    const { formToken, ...answers } = bodyOf(ctx, typedForm);
    const parsed = joinForm.safeParse(answers);
    if (!parsed.success) return show(ctx, link, { answers, errors: fieldErrors(parsed.error) }, 400);
    try {
      const { source, language } = ctx.state;
      await askToJoin(services, link, { ...parsed.data, source, language });
    } catch (error) {
      if (!(error instanceof RequestError && error.code === 'tooManyAttempts')) throw error;
      const { retryAfter: seconds } = error.details;
      ctx.set('Retry-After', String(seconds));
      return show(ctx, link, { answers, error: error.code, seconds }, error.status);
    }
    seeOther(ctx, ctx.path);
  }

  /** While the person has something to fill in; who is invited has a company. */
  const open = (handle: (ctx: Context, link: PresentedLink) => Promise<void>) =>
    withLink(services, async (ctx, link) => {
      assertOpen(link);
      assertThat(link.registration.kind !== 'invited', 'notFound');
      await handle(ctx, link);
    });
  const page = { kind: 'page', audience: 'link', path: '/register/:token/join' } as const;
  return [
    { ...page, method: 'get', handle: open(show) },
    { ...page, method: 'post', body: typedForm, handle: open(ask) },
  ];
}
