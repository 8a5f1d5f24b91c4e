/** The registration as pages: works without script; every form answers with a redirect or with the page again. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { currentAgreements } from '../../../db/agreements.js';
import { loadSettings, type PresentedLink } from '../../../db/registrations.js';
import { RequestError } from '../../errors.js';
import { readFlash, setFlash } from '../../flash.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { CancelPage } from '../../pages/cancel-page.js';
import { CheckMailboxPage } from '../../pages/check-mailbox-page.js';
import { LinkEndPage } from '../../pages/link-end-page.js';
import type { Answers, FieldErrors, LinkEndModel } from '../../pages/models.js';
import { ProcessingPage } from '../../pages/processing-page.js';
import { RegistrationPage } from '../../pages/registration-page.js';
import { StartPage } from '../../pages/start-page.js';
import * as registrations from '../../registrations.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { countries } from './countries.js';
import { answers as answersSchema, draft, email as emailSchema, fieldErrors, submissionForm } from './schema.js';

const startForm = z.strictObject({ email: z.string().optional(), formToken: z.string().optional() });
const plainForm = z.strictObject({ formToken: z.string().optional() });
const draftBody = z.strictObject({ answers: draft });

export function registrationPages(wiring: Wiring): Route[] {
  const { services, secure, inboxUrl } = wiring;

  async function showStart(ctx: Context, email?: string, errors: FieldErrors = {}, error?: string, status = 200) {
    const { customer_onboarding } = await loadSettings(services.db);
    showPage(ctx, StartPage, { email, errors, error, registrationOpen: customer_onboarding }, status);
  }

  async function start(ctx: Context) {
    const typed = bodyOf(ctx, startForm).email ?? '';
    const email = emailSchema.safeParse(typed);
    if (!email.success) return showStart(ctx, typed, { email: fieldErrors(email.error)['']! }, undefined, 400);
    await services.limits.consume('startsPerSource', ctx.state.source);
    await registrations.startRegistration(services, email.data, ctx.state.language);
    setFlash(ctx, { email: email.data }, secure);
    seeOther(ctx, '/register/sent');
  }

  async function showSent(ctx: Context) {
    const { email } = readFlash(ctx, secure);
    if (!email) return seeOther(ctx, '/register');
    const settings = await loadSettings(services.db);
    showPage(ctx, CheckMailboxPage, {
      email,
      resendAfter: settings.resend_cooldown_seconds,
      linkHours: Math.max(1, Math.round(settings.link_lifetime_seconds / 3600)),
      inboxUrl,
    });
  }

  /** The link of the path; anything that is none gets one and the same page (security.md T11). */
  async function withLink(ctx: Context, handle: (link: PresentedLink) => Promise<void>) {
    try {
      await handle(await registrations.presentLink(services, ctx.params.token ?? '', ctx.state.source));
    } catch (error) {
      if (!(error instanceof RequestError && error.code === 'linkInvalid')) throw error;
      showPage(ctx, LinkEndPage, { reason: 'invalid' }, 404);
    }
  }

  /** Where the registration stands, if that is not the form. */
  function showStanding(ctx: Context, link: PresentedLink, standing: registrations.Standing) {
    if (standing === 'processing') return seeOther(ctx, `/register/${ctx.params.token}/processing`);
    const reason = standing as LinkEndModel['reason'];
    const status = standing === 'blocked' || standing === 'completed' ? 200 : 410;
    showPage(ctx, LinkEndPage, { reason, reference: link.registration.reference }, status);
  }

  interface Shown {
    answers?: Answers;
    errors?: FieldErrors;
    problem?: string;
    accepted?: { terms?: boolean; privacy?: boolean };
    savedAt?: string;
  }
  async function showForm(ctx: Context, { registration }: PresentedLink, shown: Shown = {}, status = 200) {
    const { language } = ctx.state;
    const settings = await loadSettings(services.db);
    const closed = settings.customer_onboarding ? undefined : 'onboardingClosed';
    showPage(
      ctx,
      RegistrationPage,
      {
        token: ctx.params.token ?? '',
        reference: registration.reference,
        email: registration.email ?? '',
        answers: shown.answers ?? registration.draft ?? {},
        errors: shown.errors ?? {},
        problem: shown.problem ?? closed,
        agreements: await currentAgreements(services.db, language),
        accepted: shown.accepted ?? {},
        countries: countries(language),
        idempotencyKey: randomUUID(),
        passwordMinimum: settings.password_minimum,
        expiresAt: registration.expires_at.toISOString(),
        savedAt: shown.savedAt,
      },
      status,
    );
  }

  const show = (ctx: Context) =>
    withLink(ctx, async (link) => {
      const standing = registrations.standing(link);
      return standing === 'open' ? showForm(ctx, link) : showStanding(ctx, link, standing);
    });

  const submit = (ctx: Context) =>
    withLink(ctx, async (link) => {
      const standing = registrations.standing(link);
      if (standing !== 'open') return afterSubmit(ctx, link, { standing });
      const { password, terms, privacy, idempotencyKey, action, formToken, ...typed } = bodyOf(ctx, submissionForm);
      const shown = { answers: typed as Answers, accepted: { terms: !!terms, privacy: !!privacy } };
      if (action === 'save') return saveAnswers(ctx, link, shown);

      const parsed = answersSchema.safeParse(typed);
      const errors: FieldErrors = {
        ...(parsed.success ? {} : fieldErrors(parsed.error)),
        ...(password ? {} : { password: 'required' }),
        ...(terms ? {} : { terms: 'mustAccept' }),
        ...(privacy ? {} : { privacy: 'mustAccept' }),
      };
      if (!parsed.success || !password || !terms || !privacy) return showForm(ctx, link, { ...shown, errors }, 400);
      const form = {
        answers: parsed.data as Record<string, string>,
        password,
        accepted: [terms, privacy],
        idempotencyKey: idempotencyKey ?? randomUUID(),
        language: ctx.state.language,
      };
      try {
        return afterSubmit(ctx, link, await registrations.submitRegistration(services, link, form), shown);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (error.code === 'invalidFields') return showForm(ctx, link, { ...shown, errors: error.details.fields }, 400);
        if (error.code !== 'busy') throw error;
        ctx.set('Retry-After', String(error.details.retryAfter));
        return showForm(ctx, link, { ...shown, problem: 'busy' }, 503);
      }
    });

  async function afterSubmit(
    ctx: Context,
    link: PresentedLink,
    result: registrations.SubmissionResult,
    shown: Shown = {},
  ) {
    const { standing, problem } = result;
    if (standing === 'completed' || standing === 'alreadyRegistered') {
      const notice = standing === 'completed' ? 'accountReady' : 'alreadyRegistered';
      setFlash(ctx, { notice, email: link.registration.email ?? undefined }, secure);
      return seeOther(ctx, '/login');
    }
    if (standing !== 'open') return showStanding(ctx, link, standing);
    return showForm(ctx, link, { ...shown, problem }, 409);
  }

  async function saveAnswers(ctx: Context, link: PresentedLink, shown: Shown) {
    const parsed = draft.safeParse(shown.answers);
    if (!parsed.success) return showForm(ctx, link, { ...shown, errors: fieldErrors(parsed.error) }, 400);
    const kept = await registrations.keepAnswers(
      services,
      link,
      parsed.data as Record<string, string>,
      ctx.state.language,
    );
    return showForm(ctx, link, { ...shown, ...kept });
  }

  /** Autosave of the page's script; nothing is validated but what must not be stored. */
  async function autosave(ctx: Context) {
    const link = await registrations.presentLink(services, ctx.params.token ?? '', ctx.state.source);
    registrations.assertOpen(link);
    const { answers } = bodyOf(ctx, draftBody);
    ctx.body = await registrations.keepAnswers(services, link, answers as Record<string, string>, ctx.state.language);
  }

  const showProcessing = (ctx: Context) =>
    withLink(ctx, async (link) => {
      const { registration } = link;
      const view = registration.ended_at ? undefined : await services.engine.view(registration.reference);
      const settled = registration.ended_at !== null || (view && !view.tags.includes('busy'));
      if (!settled)
        return showPage(ctx, ProcessingPage, { token: ctx.params.token ?? '', reference: registration.reference });
      const standing = registrations.standing(link);
      if (standing === 'open') return seeOther(ctx, `/register/${ctx.params.token}`);
      return afterSubmit(ctx, link, { standing });
    });

  const showCancel = (ctx: Context) =>
    withLink(ctx, async (link) => {
      const standing = registrations.standing(link);
      if (standing !== 'open' && standing !== 'blocked') return showStanding(ctx, link, standing);
      showPage(ctx, CancelPage, { token: ctx.params.token ?? '', reference: link.registration.reference });
    });

  const cancel = (ctx: Context) =>
    withLink(ctx, async (link) => {
      const standing = registrations.standing(link);
      if (standing === 'open' || standing === 'blocked') await registrations.cancelRegistration(services, link);
      seeOther(ctx, `/register/${ctx.params.token}`);
    });

  const page = { kind: 'page' } as const;
  return [
    { ...page, method: 'get', path: '/register', audience: 'public', handle: (ctx) => showStart(ctx) },
    { ...page, method: 'post', path: '/register', audience: 'public', body: startForm, handle: start },
    { ...page, method: 'get', path: '/register/sent', audience: 'public', handle: showSent },
    { ...page, method: 'get', path: '/register/:token', audience: 'link', handle: show },
    { ...page, method: 'post', path: '/register/:token', audience: 'link', body: submissionForm, handle: submit },
    {
      kind: 'api',
      method: 'post',
      path: '/register/:token/draft',
      audience: 'link',
      body: draftBody,
      handle: autosave,
    },
    { ...page, method: 'get', path: '/register/:token/processing', audience: 'link', handle: showProcessing },
    { ...page, method: 'get', path: '/register/:token/cancel', audience: 'link', handle: showCancel },
    { ...page, method: 'post', path: '/register/:token/cancel', audience: 'link', body: plainForm, handle: cancel },
  ];
}

function seeOther(ctx: Context, path: string): void {
  ctx.status = 303;
  ctx.redirect(path);
}
