/** What the activation link opens; works without script, every form answers with a redirect or with the page again. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { currentAgreements } from '../../../db/agreements.js';
import type { RegistrationKind, Settings } from '../../../db/models.js';
import { loadSettings, type PresentedLink } from '../../../db/registrations.js';
import { RequestError } from '../../errors.js';
import { setFlash } from '../../flash.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { CancelPage } from '../../pages/cancel-page.js';
import { LinkEndPage } from '../../pages/link-end-page.js';
import type { Answers, FieldErrors, LinkEndModel } from '../../pages/models.js';
import { ProcessingPage } from '../../pages/processing-page.js';
import { RegistrationPage } from '../../pages/registration-page.js';
import { askedOf, openKinds } from '../../registration-forms.js';
import * as registrations from '../../registrations.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { countries } from './countries.js';
import { readInvitation } from './invitation.js';
import { answersFor, draft, fieldErrors, kind as kindSchema, submissionForm } from './schema.js';

const plainForm = z.strictObject({ formToken: z.string().optional() });
const draftBody = z.strictObject({ kind: kindSchema.optional(), answers: draft });

type LinkHandler = (ctx: Context, link: PresentedLink) => Promise<void>;

/** What the page shows of a request that did not go through. */
interface Shown {
  kind?: RegistrationKind;
  answers?: Answers;
  errors?: FieldErrors;
  problem?: string;
  accepted?: { terms?: boolean; privacy?: boolean };
  savedAt?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
}

export function linkPages(wiring: Wiring): Route[] {
  const pages = new LinkPages(wiring);
  const link = { kind: 'page', audience: 'link' } as const;
  const path = '/register/:token';
  return [
    { ...link, method: 'get', path, handle: pages.withLink(pages.show) },
    { ...link, method: 'post', path, body: submissionForm, handle: pages.withLink(pages.submit) },
    { ...link, kind: 'api', method: 'post', path: `${path}/draft`, body: draftBody, handle: pages.autosave },
    { ...link, method: 'get', path: `${path}/processing`, handle: pages.withLink(pages.showProcessing) },
    { ...link, method: 'get', path: `${path}/cancel`, handle: pages.withLink(pages.showCancel) },
    { ...link, method: 'post', path: `${path}/cancel`, body: plainForm, handle: pages.withLink(pages.cancel) },
  ];
}

/** Hands on the link of the path; anything that is none gets one and the same page (security.md T11). */
export const withLink = (services: registrations.Services, handle: LinkHandler) => async (ctx: Context) => {
  try {
    await handle(ctx, await registrations.presentLink(services, tokenOf(ctx), ctx.state.source));
  } catch (error) {
    if (!(error instanceof RequestError && error.code === 'linkInvalid')) throw error;
    showPage(ctx, LinkEndPage, { reason: 'invalid' }, error.status);
  }
};

class LinkPages {
  constructor(private readonly wiring: Wiring) {}

  private get services() {
    return this.wiring.services;
  }

  withLink = (handle: LinkHandler) => withLink(this.services, handle);

  show: LinkHandler = async (ctx, link) => {
    const standing = registrations.standing(link);
    if (standing === 'open') return this.showForm(ctx, link);
    this.showStanding(ctx, link, standing);
  };

  submit: LinkHandler = async (ctx, link) => {
    const standing = registrations.standing(link);
    if (standing !== 'open') return this.showOutcome(ctx, link, { standing });
    const body = bodyOf(ctx, submissionForm);
    const {
      password,
      terms,
      privacy,
      idempotencyKey,
      action,
      formToken,
      kind: wished = link.registration.kind,
      ...typed
    } = body;
    const kind = link.registration.kind === 'invited' ? 'invited' : wished;
    const shown = { kind, answers: typed as Answers, accepted: { terms: !!terms, privacy: !!privacy } };
    if (action === 'save') return this.saveAnswers(ctx, link, shown);
    if (action === 'switch') return this.saveAnswers(ctx, link, { ...shown, kind: otherKind(kind) });

    const settings = await loadSettings(this.services.db);
    const parsed = answersFor(askedOf(kind, settings)).safeParse(typed);
    // All at once: a weak password told only when the rest is right would cost the person another round.
    const weakness = registrations.passwordWeakness(link.registration, settings, typed as Answers, password ?? '');
    const errors: FieldErrors = {
      ...(parsed.success ? {} : fieldErrors(parsed.error)),
      ...(weakness ? { password: password ? weakness : 'required' } : {}),
      ...(terms ? {} : { terms: 'mustAccept' }),
      ...(privacy ? {} : { privacy: 'mustAccept' }),
    };
    if (!parsed.success || !password || weakness || !terms || !privacy)
      return this.showForm(ctx, link, { ...shown, errors }, 400);
    const form = {
      kind: wished,
      answers: parsed.data as Record<string, string>,
      source: ctx.state.source,
      password,
      accepted: [terms, privacy],
      idempotencyKey: idempotencyKey ?? randomUUID(),
      language: ctx.state.language,
    };
    await this.submitForm(ctx, link, form, settings, shown);
  };

  private async submitForm(
    ctx: Context,
    link: PresentedLink,
    form: registrations.SubmittedForm,
    settings: Settings,
    shown: Shown,
  ) {
    try {
      const result = await registrations.submitRegistration(this.services, link, form, settings);
      if (result.problem !== 'nowInvited') return await this.showOutcome(ctx, link, result, shown);
      const now = await registrations.presentLink(this.services, tokenOf(ctx), ctx.state.source);
      await this.showOutcome(ctx, now, result, { answers: shown.answers });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const { code, details, status } = error;
      if (code !== 'invalidFields' && code !== 'busy' && code !== 'tooManyAttempts') throw error;
      const { retryAfter: seconds, fields: errors } = details;
      if (seconds) ctx.set('Retry-After', String(seconds));
      const problem = code === 'invalidFields' ? undefined : code;
      await this.showForm(ctx, link, { ...shown, problem, seconds, errors }, status);
    }
  }

  private async saveAnswers(ctx: Context, link: PresentedLink, shown: Shown & { kind: RegistrationKind }) {
    const parsed = draft.safeParse(shown.answers);
    if (!parsed.success) return this.showForm(ctx, link, { ...shown, errors: fieldErrors(parsed.error) }, 400);
    // What only the other kind's form asks for stays as it was typed there.
    const answers = { ...link.registration.draft, ...(parsed.data as Record<string, string>) };
    const typed = { kind: shown.kind, answers, language: ctx.state.language };
    const kept = await registrations.keepAnswers(this.services, link, typed);
    await this.showForm(ctx, link, { ...shown, answers, ...kept });
  }

  /** Of the page's script; only what must not be stored is refused. */
  autosave = async (ctx: Context) => {
    const link = await registrations.presentLink(this.services, tokenOf(ctx), ctx.state.source);
    registrations.assertOpen(link);
    const { kind = link.registration.kind, answers } = bodyOf(ctx, draftBody);
    const typed = { ...link.registration.draft, ...(answers as Record<string, string>) };
    ctx.body = await registrations.keepAnswers(this.services, link, {
      kind,
      answers: typed,
      language: ctx.state.language,
    });
  };

  showProcessing: LinkHandler = async (ctx, link) => {
    const { reference, ended_at } = link.registration;
    const view = ended_at ? undefined : await this.services.engine.view(reference);
    const isSettled = ended_at || (view && !view.tags.includes('busy'));
    if (!isSettled) return showPage(ctx, ProcessingPage, { token: tokenOf(ctx), reference });
    const standing = registrations.standing(link);
    if (standing === 'open') return seeOther(ctx, `/register/${tokenOf(ctx)}`);
    await this.showOutcome(ctx, link, { standing });
  };

  showCancel: LinkHandler = async (ctx, link) => {
    const standing = registrations.standing(link);
    if (!registrations.isCancellable(standing)) return this.showStanding(ctx, link, standing);
    showPage(ctx, CancelPage, { token: tokenOf(ctx), reference: link.registration.reference });
  };

  cancel: LinkHandler = async (ctx, link) => {
    if (registrations.isCancellable(registrations.standing(link)))
      await registrations.cancelRegistration(this.services, link);
    seeOther(ctx, `/register/${tokenOf(ctx)}`);
  };

  /** Where a submission led; a finished registration leads to the login, with the e-mail filled in (security.md D4). */
  private async showOutcome(
    ctx: Context,
    link: PresentedLink,
    result: registrations.SubmissionResult,
    shown: Shown = {},
  ) {
    const { standing, problem } = result;
    if (standing === 'completed' || standing === 'alreadyRegistered') {
      const notice = standing === 'completed' ? 'accountReady' : 'alreadyRegistered';
      setFlash(ctx, { notice, email: link.registration.email ?? undefined }, this.wiring.secure);
      return seeOther(ctx, '/login');
    }
    if (standing !== 'open') return this.showStanding(ctx, link, standing);
    if (problem === 'partnerCodeInvalid')
      return this.showForm(ctx, link, { ...shown, errors: { partnerCode: 'invalidPartnerCode' } }, 409);
    await this.showForm(ctx, link, { ...shown, problem }, 409);
  }

  /** Where the registration stands, when that is not the form. */
  private showStanding(ctx: Context, link: PresentedLink, standing: Exclude<registrations.Standing, 'open'>) {
    if (standing === 'processing') return seeOther(ctx, `/register/${tokenOf(ctx)}/processing`);
    const reason: LinkEndModel['reason'] = standing;
    const status = stillGoingOn.includes(standing) ? 200 : 410;
    showPage(ctx, LinkEndPage, { reason, reference: link.registration.reference }, status);
  }

  private async showForm(ctx: Context, link: PresentedLink, shown: Shown = {}, status = 200) {
    const { registration, invitation } = link;
    const { language } = ctx.state;
    const settings = await loadSettings(this.services.db);
    const { kind = registration.kind } = shown;
    const open = openKinds(settings);
    const closed = kind === 'invited' || open.includes(kind) ? undefined : 'onboardingClosed';
    const returned = toldOnReturn.find((problem) => ctx.method === 'GET' && problem === registration.problem);
    const typed = shown.answers ?? registrations.typedAnswers(this.services, registration);
    const model = {
      kind,
      asked: askedOf(kind, settings),
      invitation: invitation && { organisation: invitation.organisation, invitedBy: invitation.invitedBy ?? undefined },
      switchable: kind !== 'invited' && open.some((other) => other !== kind),
      token: tokenOf(ctx),
      reference: registration.reference,
      email: registration.email ?? '',
      answers: { partnerCode: readInvitation(ctx, this.wiring.secure).code, ...typed },
      errors: shown.errors ?? {},
      problem: shown.problem ?? closed ?? returned,
      seconds: shown.seconds,
      agreements: await currentAgreements(this.services.db, language, registrations.agreementsOf(link, kind)),
      accepted: shown.accepted ?? {},
      countries: countries(language),
      idempotencyKey: randomUUID(),
      passwordMinimum: settings.password_minimum,
      expiresAt: registration.expires_at.toISOString(),
      savedAt: shown.savedAt ?? registration.draft_saved_at?.toISOString(),
    };
    showPage(ctx, RegistrationPage, model, status);
  }
}

const tokenOf = (ctx: Context): string => ctx.params.token ?? '';
const otherKind = (kind: RegistrationKind): RegistrationKind =>
  (({ customer: 'partner', partner: 'customer', invited: 'invited' }) as const)[kind];
/** Why the person was asked to come back, by mail. */
const toldOnReturn = ['partnerCodeInvalid', 'agreementOutdated'];
/** Standings that end nothing: the page is there to look at again. */
const stillGoingOn: registrations.Standing[] = ['blocked', 'parked', 'awaitingApproval', 'completed'];
