/** The registration as JSON, for applications with pages of their own. */
import { z } from 'zod';
import { currentAgreements } from '../../../db/agreements.js';
import type { Settings } from '../../../db/models.js';
import { loadSettings, type PresentedLink } from '../../../db/registrations.js';
import { assertThat, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import type { FieldErrors } from '../../pages/models.js';
import { askedOf, asksForCode, openKinds } from '../../registration-forms.js';
import * as registrations from '../../registrations.js';
import type { Wiring } from '../wiring.js';
import { answersFor, draft, fieldErrors, kind, start, submission } from './schema.js';

const answersBody = z.strictObject({ kind: kind.optional(), answers: draft });
const emptyBody = z.strictObject({});
const standing = z.enum([
  'open',
  'processing',
  'parked',
  'awaitingApproval',
  'blocked',
  'completed',
  'alreadyRegistered',
  'declined',
  'cancelled',
  'invitationVoid',
  'expired',
]);
const accepted = z.strictObject({ status: z.literal('accepted') });
const saved = z.strictObject({ savedAt: z.iso.datetime() });
const outcome = z.strictObject({
  standing,
  /** Why it did not go on, as a code of the machine. */
  problem: z.string().optional(),
});
const agreement = z.strictObject({
  versionId: z.uuid(),
  document: z.enum(['terms', 'privacy']),
  version: z.int(),
  language: z.string(),
  title: z.string(),
  body: z.string(),
});
const opened = z.strictObject({
  reference: z.string(),
  standing,
  problem: z.string().optional(),
  email: z.string(),
  kind: z.enum([...kind.options, 'invited']),
  /** Of an invited person: whose organisation it is, and who has invited them into it. */
  invitation: z.strictObject({ organisation: z.string(), invitedBy: z.string().optional() }).optional(),
  /** The kinds that may register now; `withCode`: it asks for a partner code instead of the company. */
  kinds: z.array(z.strictObject({ kind, withCode: z.boolean() })),
  answers: z.record(z.string(), z.string()),
  agreements: z.array(agreement),
  expiresAt: z.iso.datetime(),
  /** The machine's state, and the events it takes now; `allowed` is null while no worker answers. */
  state: z.string(),
  allowed: z.array(z.string()).nullable(),
});

/** As much of a submission as can be judged when something is wrong with the rest. */
const typedSubmission = z.object({
  kind: kind.optional().catch(undefined),
  answers: z.record(z.string(), z.unknown()),
  password: z.string().catch(''),
});

/** What is wrong with a submission, by field; all of it at once. */
function judge(
  { registration }: PresentedLink,
  settings: Settings,
  { kind = 'customer', answers: typed, password }: z.output<typeof typedSubmission>,
) {
  const asked = askedOf(registration.kind === 'invited' ? 'invited' : kind, settings);
  const parsed = answersFor(asked).safeParse(typed);
  const weakness = password ? registrations.passwordWeakness(registration, settings, typed, password) : 'required';
  const faults: FieldErrors = {
    ...(parsed.success ? {} : fieldErrors(parsed.error)),
    ...(weakness ? { password: weakness } : {}),
  };
  return { answers: parsed.data as Record<string, string> | undefined, faults };
}

const presentInvitation = ({ invitation }: PresentedLink) =>
  invitation && { organisation: invitation.organisation, invitedBy: invitation.invitedBy ?? undefined };

const links = '/api/v1/registration-links/:token';

export function registrationApi({ services }: Wiring): Route[] {
  const present = (ctx: Context) => registrations.presentLink(services, ctx.params.token ?? '', ctx.state.source);

  async function startRegistration(ctx: Context) {
    const { language = ctx.state.language, ...body } = bodyOf(ctx, start);
    await services.limits.consume('startsPerSource', ctx.state.source);
    await registrations.startRegistration(services, { ...body, language });
    ctx.status = 202;
    ctx.body = { status: 'accepted' };
  }

  async function show(ctx: Context) {
    const link = await present(ctx);
    const { registration } = link;
    const standing = registrations.standing(link);
    // A link that has died tells how it ended, and nothing of the person.
    const isAlive = ['open', 'processing', 'parked', 'awaitingApproval', 'blocked'].includes(standing);
    const settings = await loadSettings(services.db);
    const view = registration.ended_at ? undefined : await services.engine.view(registration.reference);
    ctx.body = {
      reference: registration.reference,
      standing,
      problem: registration.problem ?? undefined,
      email: (isAlive && registration.email) || '',
      kind: registration.kind,
      invitation: isAlive ? presentInvitation(link) : undefined,
      kinds: openKinds(settings).map((open) => ({ kind: open, withCode: asksForCode(open, settings) })),
      answers: isAlive ? registrations.typedAnswers(services, registration) : {},
      agreements: await currentAgreements(
        services.db,
        ctx.state.language,
        registrations.agreementsOf(link, registration.kind),
      ),
      expiresAt: registration.expires_at.toISOString(),
      state: view?.state ?? registration.state,
      allowed: registration.ended_at ? [] : (view?.allowed ?? null),
    };
  }

  async function keepAnswers(ctx: Context) {
    const link = await present(ctx);
    registrations.assertOpen(link);
    const { kind = link.registration.kind, answers } = bodyOf(ctx, answersBody);
    const typed = { kind, answers: answers as Record<string, string>, language: ctx.state.language };
    ctx.body = await registrations.keepAnswers(services, link, typed);
  }

  async function submit(ctx: Context) {
    const idempotencyKey = ctx.get('Idempotency-Key');
    assertThat(/^[\w-]{8,100}$/.test(idempotencyKey), 'invalidFields', { fields: { 'Idempotency-Key': 'required' } });
    const link = await present(ctx);
    const now = registrations.standing(link);
    const body = bodyOf(ctx, submission);
    const usual = link.registration.kind === 'invited' ? ('invited' as const) : ('customer' as const);
    const { kind = usual, language = ctx.state.language } = body;
    const settings = await loadSettings(services.db);
    const { answers, faults } = judge(link, settings, body);
    if (!answers || Object.keys(faults).length > 0) throw new RequestError('invalidFields', { fields: faults });
    const form = { ...body, kind, answers, idempotencyKey, language, source: ctx.state.source };
    const result =
      now === 'open' ? await registrations.submitRegistration(services, link, form, settings) : { standing: now };
    ctx.status = { completed: 201, open: 409, processing: 202 }[result.standing as string] ?? 200;
    ctx.body = result;
  }

  /** A password that is missing must not hide which answers are wrong, nor the other way round. */
  async function moreFaults(ctx: Context, body: unknown) {
    const link = await present(ctx);
    const typed = typedSubmission.safeParse(body);
    return typed.success ? judge(link, await loadSettings(services.db), typed.data).faults : {};
  }

  async function cancel(ctx: Context) {
    const link = await present(ctx);
    const now = registrations.standing(link);
    const cancellable = registrations.isCancellable(now);
    if (cancellable) await registrations.cancelRegistration(services, link);
    ctx.body = { standing: cancellable ? 'cancelled' : now };
  }

  return [
    {
      kind: 'api',
      method: 'post',
      path: '/api/v1/registrations',
      audience: 'public',
      summary: 'Start a registration, or ask for a fresh link: the same answer for every address',
      body: start,
      responses: { 202: { description: 'Accepted: a mail is on its way', body: accepted } },
      handle: startRegistration,
    },
    {
      kind: 'api',
      method: 'get',
      path: links,
      audience: 'link',
      summary: 'What the holder of an activation link may see and do; changes nothing',
      responses: { 200: { description: 'The registration', body: opened } },
      handle: show,
    },
    {
      kind: 'api',
      method: 'put',
      path: `${links}/answers`,
      audience: 'link',
      summary: 'Keep what was typed so far; the first time, this proves the mailbox',
      body: answersBody,
      responses: { 200: { description: 'Kept', body: saved } },
      handle: keepAnswers,
    },
    {
      kind: 'api',
      method: 'post',
      path: `${links}/submission`,
      audience: 'link',
      summary: 'Submit the registration; answers with the outcome',
      headers: { 'Idempotency-Key': 'One value for one submission: a repeated request is the same submission' },
      body: submission,
      moreFaults,
      responses: {
        200: { description: 'It had ended, or waits for staff', body: outcome },
        201: { description: 'The account is there', body: outcome },
        202: { description: 'Under way; ask again', body: outcome },
        409: { description: 'Not now; `problem` says why, the answers are kept', body: outcome },
      },
      handle: submit,
    },
    {
      kind: 'api',
      method: 'post',
      path: `${links}/cancellation`,
      audience: 'link',
      summary: 'End the registration and its links',
      body: emptyBody,
      responses: { 200: { description: 'Ended', body: outcome } },
      handle: cancel,
    },
  ];
}
