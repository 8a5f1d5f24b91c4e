/** What the pages and the JSON API do with registrations: the same functions for both. */
import { createHash } from 'node:crypto';
import { isOpenFor } from '../db/accounts.js';
import type { Database } from '../db/connection.js';
import type { Logger } from '../db/log.js';
import type { OrganisationKind, Registration, RegistrationKind, Settings } from '../db/models.js';
import {
  endWithoutWorkflow,
  findByToken,
  loadSettings,
  noteLinkRequested,
  openRegistration,
  type PresentedLink,
  saveDraft,
  storeSubmission,
  typedCodePurpose,
} from '../db/registrations.js';
import type { SecretKeys } from '../db/secret-keys.js';
import type { RegistrationView } from '../workflows/messages.js';
import type { Engine, EventResult } from './engine.js';
import { RequestError } from './errors.js';
import { hashPassword, passwordProblem } from './passwords.js';
import type { RateLimits } from './rate-limits.js';
import { asksForCode, openKinds, preselected } from './registration-forms.js';

export interface Services {
  db: Database;
  engine: Engine;
  keys: SecretKeys;
  limits: RateLimits;
  log: Logger;
}

/** Where a registration stands, as the holder of its link is told. */
export type Standing =
  | 'open'
  | 'processing'
  | 'parked'
  | 'awaitingApproval'
  | 'blocked'
  | 'completed'
  | 'alreadyRegistered'
  | 'declined'
  | 'cancelled'
  | 'invitationVoid'
  | 'expired';

/**
 * Accepts a registration, or a wish for a fresh link: the same for every address, whatever is known of it
 * (security.md E1 to E4). Once the row is there it is accepted; when the engine is away, or too many mails went to this
 * mailbox, the reconciler takes it up.
 */
export async function startRegistration(
  services: Services,
  { email, kind, language }: { email: string; kind?: string; language: string },
): Promise<void> {
  const { db, engine, limits, log } = services;
  const settings = await loadSettings(db);
  if (openKinds(settings).length === 0) throw new RequestError('registrationClosed');
  const registration = await openRegistration(db, {
    email,
    kind: preselected(kind, settings),
    language,
    lifetimeSeconds: settings.registration_lifetime_seconds,
  });
  if (!(await limits.mayMail(email))) return;
  try {
    await engine.requestLink(registration, settings, registration.is_new);
  } catch (error) {
    log.warn(
      { err: error, reference: registration.reference },
      'the engine did not take a start; it is taken up later',
    );
    await noteLinkRequested(db, registration.id);
  }
}

/** The registration a link opens. Rejects with `linkInvalid` for anything that is no link, counting by source (T11, T13). */
export async function presentLink(services: Services, token: string, source: string): Promise<PresentedLink> {
  const { db, keys, limits } = services;
  const link = /^[\w-]{43}$/.test(token) ? await findByToken(db, keys, token) : undefined;
  if (link) return link;
  await limits.consume('wrongLinksPerSource', source);
  throw new RequestError('linkInvalid');
}

/** What the holder of a link may do now; an ended registration keeps its answer for good (W5). */
export function standing({ registration, expired, invitation }: PresentedLink): Standing {
  const { state, problem, kind } = registration;
  if (state === 'cancelled' && problem === 'invitationVoid') return 'invitationVoid';
  if (state === 'completed' || state === 'alreadyRegistered' || state === 'declined' || state === 'cancelled')
    return state;
  if (state === 'expired' || expired) return 'expired';
  if (kind === 'invited' && !invitation?.isGood) return 'invitationVoid';
  if (state === 'creationBlocked') return 'blocked';
  if (state === 'lookupParked') return 'parked';
  if (state === 'awaitingApproval') return state;
  return (state === 'creatingAccount' || state === 'resolvingPartner') && !problem ? 'processing' : 'open';
}

/** Rejects unless the link's registration is open for input. */
export function assertOpen(link: PresentedLink): void {
  const now = standing(link);
  if (now === 'open') return;
  throw new RequestError(now === 'expired' ? 'linkInvalid' : 'conflict', {
    state: link.registration.state,
    allowed: [],
  });
}

/** Keeps what was typed; the first time, this proves the mailbox. */
export async function keepAnswers(
  { db, engine, keys, log }: Services,
  link: PresentedLink,
  typed: TypedAnswers,
): Promise<{ savedAt: string }> {
  const { registration } = link;
  const saved = await saveDraft(db, registration.id, sealed(keys, { ...typed, kind: kindOf(link, typed) }));
  if (!saved) throw new RequestError('conflict', { state: registration.state, allowed: [] });
  if (!registration.proven_at)
    // The row says it already; without this word the submit itself is the proof.
    await engine
      .signal(registration.reference, { type: 'PROVEN', actor: 'registrant' })
      .catch((error) => log.warn({ err: error, reference: registration.reference }, 'the engine did not take a proof'));
  return { savedAt: (saved.draft_saved_at ?? new Date()).toISOString() };
}

/** Of an invited person the inviter has decided it (security.md A8). */
const kindOf = ({ registration }: PresentedLink, { kind }: TypedAnswers): RegistrationKind =>
  registration.kind === 'invited' || kind === 'invited' ? registration.kind : kind;

/** The kind of organisation whose agreements are to be accepted, should the registration be of this kind. */
export const agreementsOf = (link: PresentedLink, kind: RegistrationKind): OrganisationKind =>
  kind === 'invited' ? (link.invitation?.organisationKind ?? 'customer') : kind;

/** Answers as typed; a partner code among them is a secret of its partner, and kept apart, sealed (security.md D1). */
export interface TypedAnswers {
  kind: RegistrationKind;
  answers: Record<string, string>;
  language: string;
}

function sealed(keys: SecretKeys, { kind, answers, language }: TypedAnswers) {
  const { partnerCode, ...rest } = answers;
  return {
    kind,
    language,
    answers: rest,
    ...(partnerCode ? { sealedCode: keys.seal(typedCodePurpose, partnerCode) } : {}),
  };
}

/** The answers typed so far, with the code. */
export function typedAnswers({ keys }: Services, registration: Registration): Record<string, string> {
  const { draft, draft_code } = registration;
  return { ...draft, ...(draft_code ? { partnerCode: keys.unseal(typedCodePurpose, draft_code) } : {}) };
}

export interface SubmittedForm extends TypedAnswers {
  /** Of the request, for the limits. */
  source: string;
  password: string;
  /** Ids of the agreement versions whose boxes were ticked. */
  accepted: string[];
  idempotencyKey: string;
}

export interface SubmissionResult {
  standing: Standing;
  problem?: string;
}

/**
 * Submits the registration page, whose answers and password (`passwordWeakness`) the caller has judged; answers with the
 * outcome, or `processing` when that is not there in time.
 */
export async function submitRegistration(
  services: Services,
  link: PresentedLink,
  form: SubmittedForm,
  settings: Settings,
): Promise<SubmissionResult> {
  const { db, engine, keys } = services;
  const { registration } = link;
  const kind = kindOf(link, form);
  const { answers, sealedCode } = sealed(keys, form);
  const draft = { ...form, kind, organisationKind: agreementsOf(link, kind), answers, sealedCode };
  const saved = await saveDraft(db, registration.id, draft);
  if (!saved) return { standing: standing(await reload(services, link)) };
  // Let in by an administrator since the other form was shown: they have not agreed to that yet.
  if (saved.kind === 'invited' && form.kind !== 'invited') return { standing: 'open', problem: 'nowInvited' };
  // Switching off keeps strangers out; whom an administrator has invited is none.
  if (kind !== 'invited' && !isOpenFor(kind, settings)) return { standing: 'open', problem: 'onboardingClosed' };
  if (!saved.current_agreements.every((id) => form.accepted.includes(id)))
    return { standing: 'open', problem: 'agreementOutdated' };

  const withCode = asksForCode(kind, settings);
  if (withCode) await countCode(services, registration.id, form.source);
  const submission = await storeSubmission(db, {
    registration_id: registration.id,
    idempotency_key: submissionKey(form),
    kind,
    answers,
    sealed_code: (withCode && sealedCode) || null,
    password_hash: await hashPassword(form.password),
    agreement_version_ids: form.accepted,
    language: form.language,
  });
  if (!submission) return { standing: standing(await reload(services, link)) };
  const event = { type: 'SUBMITTED', submissionId: submission.id, kind, actor: 'registrant' } as const;
  const result = await engine.send(registration.reference, event, `submitted-${submission.id}`);
  if (result.kind !== 'processing') return submissionResult(services, link, result);
  // Temporal forgets an update that no worker has taken yet when it is restarted; a signal it keeps. Whichever comes
  // second is not allowed any more, and changes nothing.
  const kept = engine.signal(registration.reference, event).then(
    () => result,
    (): EventResult => ({ kind: 'unavailable' }),
  );
  return submissionResult(services, link, await kept);
}

/** Ten tries, then a pause: told before a code is looked at, so that nobody can go on guessing (security.md E7). */
async function countCode({ limits }: Services, registrationId: string, source: string): Promise<void> {
  await limits.consume('codesPerSource', source);
  await limits.consume('codesPerRegistration', registrationId);
}

/** Why this person must not have this password, as a field error's code. */
export function passwordWeakness(
  registration: Registration,
  settings: Settings,
  { companyName, givenName, familyName }: { companyName?: unknown; givenName?: unknown; familyName?: unknown },
  password: string,
): string | undefined {
  const words = [companyName, givenName, familyName, registration.email?.split('@')[0]];
  const strings = words.filter((word) => typeof word === 'string');
  return passwordProblem(password, settings.password_minimum, strings);
}

/** The form's key and what it says: a page gone back to and changed is another submission, a double click is not. */
function submissionKey({ idempotencyKey, kind, answers, accepted }: SubmittedForm): string {
  const said = JSON.stringify([idempotencyKey, kind, Object.entries(answers).sort(), accepted]);
  return createHash('sha256').update(said).digest('base64url');
}

async function submissionResult(
  services: Services,
  link: PresentedLink,
  result: EventResult,
): Promise<SubmissionResult> {
  if (result.kind === 'unavailable') throw new RequestError('busy', { retryAfter: 5 });
  // Refused because another device's submission is being carried out right now.
  const isBusy = result.kind === 'refused' && ['creatingAccount', 'resolvingPartner'].includes(result.state);
  if (isBusy || result.kind === 'processing') return { standing: 'processing' };
  // The workflow is gone; if the row does not know, it was ended by hand.
  if (result.kind === 'ended') await endWithoutWorkflow(services.db, [link.registration.reference]);
  if (result.kind === 'taken') return outcomeOf(link, result.view);
  const reloaded = await reload(services, link);
  const { registration } = reloaded;
  // The row is a step behind the machine that refused it: asked again, it tells where the registration stands.
  if (result.kind === 'refused' && standing(reloaded) === 'open') throw new RequestError('busy', { retryAfter: 5 });
  // A second device may have been quicker: what the row says now is the answer to both.
  return { standing: standing(reloaded), problem: registration.problem ?? undefined };
}

/** The machine has settled, and the row says what it says. */
function outcomeOf(link: PresentedLink, { state, problem }: RegistrationView): SubmissionResult {
  const now = Object.assign(link.registration.$clone(), { state, problem: problem ?? null });
  return { standing: standing({ ...link, registration: now }), problem };
}

async function reload({ db }: Services, link: PresentedLink): Promise<PresentedLink> {
  const registration = await link.registration.$query(db).throwIfNotFound();
  return { ...link, registration: registration as Registration };
}

/** While an account is being made it is too late, after an end too. */
export const isCancellable = (now: Standing): now is 'open' | 'parked' | 'awaitingApproval' | 'blocked' =>
  now === 'open' || now === 'parked' || now === 'awaitingApproval' || now === 'blocked';

/** "This wasn't me": ends the registration, and its links with it. */
export async function cancelRegistration(services: Services, link: PresentedLink): Promise<void> {
  const { reference, id } = link.registration;
  const result = await services.engine.send(reference, { type: 'CANCEL', actor: 'registrant' }, `cancelled-${id}`);
  if (result.kind === 'unavailable' || result.kind === 'processing') throw new RequestError('busy', { retryAfter: 5 });
  if (result.kind === 'refused') throw new RequestError('conflict', { state: result.state, allowed: result.allowed });
}
