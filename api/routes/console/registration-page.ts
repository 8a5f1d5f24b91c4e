/** A registration's page, which is shown after every action, and again when one was not carried out. */
import type { Partner, Registration } from '../../../db/models.js';
import { partnerChoices } from '../../../db/partners.js';
import {
  findRegistrant,
  findRegistration,
  possibleDuplicates,
  type Registrant,
  timelineOf,
} from '../../../db/registration-detail.js';
import { effectOutcomes, registrationMachine } from '../../../machines/registration.js';
import { type RegistrationView, registrationWorkflowId } from '../../../workflows/messages.js';
import { assertThat } from '../../errors.js';
import type { Context } from '../../http.js';
import { translator } from '../../i18n.js';
import { drawMachine } from '../../machine-diagram.js';
import { maskEmail, maskName } from '../../mask.js';
import { RegistrationDetailPage } from '../../pages/console/registration-detail.js';
import { type Action, actions, type RegistrationDetailModel } from '../../pages/console/registration-detail-model.js';
import { longestTimeline } from '../../pages/console/timeline.js';
import { hasRole } from '../../sessions.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { takeDone } from './take-done.js';

/** Organisations of the same name that are listed. */
const mostDuplicates = 5;
/** Partners in a list to choose from. */
const mostPartners = 50;
const longestSearch = 200;

/** The event that each action sends; `revoke-links` sends none. */
export const eventOf = {
  retry: 'RETRY',
  approve: 'APPROVE',
  decline: 'DECLINE',
  'assign-partner': 'ASSIGN_PARTNER',
  resend: 'RESEND',
  'correct-email': 'CORRECT_EMAIL',
  extend: 'EXTEND',
  cancel: 'CANCEL',
} as const satisfies Partial<Record<Action, string>>;

/** Of an invitation the address and the time are its administrator's to change, not staff's (security.md A8). */
export const fixedByInviter: Action[] = ['correct-email', 'extend'];

/** The registration that a request's path names. */
export async function registrationOf(ctx: Context, { services: { db } }: Wiring): Promise<Registration> {
  const { reference = '' } = ctx.params;
  assertThat(/^RG-[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(reference), 'notFound');
  const registration = await findRegistration(db, reference);
  assertThat(registration, 'notFound');
  return registration;
}

interface Shown {
  isRevealed?: boolean;
  failed?: RegistrationDetailModel['failed'];
}

export async function showRegistration(
  ctx: Context,
  wiring: Wiring,
  { isRevealed = false, failed }: Shown = {},
  status = 200,
): Promise<void> {
  const { db, engine } = wiring.services;
  const registration = await registrationOf(ctx, wiring);
  const { id, reference, ended_at } = registration;
  const [view, registrant, timeline] = await Promise.all([
    ended_at ? undefined : engine.view(reference),
    findRegistrant(db, id),
    timelineOf(db, registration, longestTimeline + 1),
  ]);
  const name = registrant.answers.companyName;
  const duplicates = name ? await possibleDuplicates(db, id, name, mostDuplicates) : [];
  const offered = offeredActions(ctx, registration, registrant, view);
  const partners = offered.includes('assign-partner') ? await findPartners(ctx, wiring, failed) : undefined;
  const presented = presentRegistration(registration, view);
  const model: RegistrationDetailModel = {
    ...presented,
    person: presentPerson(registration, registrant, isRevealed),
    duplicates: duplicates.map(({ kind, createdAt, reference }) => ({
      kind,
      createdAt: new Date(createdAt).toISOString(),
      reference: reference ?? undefined,
    })),
    actions: offered,
    partners,
    timeline: timeline.slice(-longestTimeline),
    isTimelineCut: timeline.length > longestTimeline,
    diagram: await draw(ctx, presented.state),
    temporalUrl: temporalUrl(wiring, `/workflows/${registrationWorkflowId(reference)}`),
    done: failed ? undefined : takeDone(ctx, wiring.secure),
    failed,
  };
  showPage(ctx, RegistrationDetailPage, model, status);
}

/** Where the Temporal UI shows something of our namespace, if there is one. */
export const temporalUrl = ({ temporalUiUrl, client }: Wiring, path: string): string | undefined =>
  temporalUiUrl && `${temporalUiUrl.replace(/\/$/, '')}/namespaces/${client.options.namespace}${path}`;

/** By the engine's word where it gives one: the row may be a step behind. */
function presentRegistration(registration: Registration, view: RegistrationView | undefined) {
  const { reference, kind, language, created_at, expires_at, ended_at, sequence } = registration;
  return {
    reference,
    kind,
    language,
    state: view?.state ?? registration.state,
    since: (view ? new Date(view.since) : registration.state_since).toISOString(),
    attention: view ? view.tags.includes('attention') : registration.attention,
    problem: (view ? view.problem : registration.problem) ?? undefined,
    startedAt: created_at.toISOString(),
    expiresAt: expires_at.toISOString(),
    endedAt: ended_at?.toISOString(),
    deadlines: Object.entries(view?.deadlines ?? {})
      .sort(([, one], [, other]) => one - other)
      .map(([name, at]) => ({ name, at: new Date(at).toISOString() })),
    isEngineAway: !ended_at && !view,
    // The same until a step is taken, so that a page which refreshes itself does not change for nothing.
    idempotencyKey: `${reference}-${sequence}`,
    now: new Date().toISOString(),
  };
}

function presentPerson(
  { proven_at, draft_saved_at, erased_at }: Registration,
  { email, answers, partner, hasCode, links }: Registrant,
  isRevealed: boolean,
): RegistrationDetailModel['person'] {
  const shown = isRevealed ? answers : maskAnswers(answers);
  return {
    isRevealed,
    isErased: erased_at !== null && !email,
    email: email === null ? undefined : isRevealed ? email : maskEmail(email),
    answers: answerNames.flatMap((name) => (shown[name] ? [{ name, text: shown[name] }] : [])),
    partner: partner ?? undefined,
    hasCode,
    provenAt: proven_at?.toISOString(),
    savedAt: draft_saved_at?.toISOString(),
    links,
  };
}

/** A country says little and helps a lot; everything else that was typed is masked. */
const maskAnswers = (answers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(answers).map(([name, text]) => [name, name === 'companyCountry' ? text : maskName(text)]),
  );

/** In the order of the page that they were typed on. */
const answerNames = [
  'givenName',
  'familyName',
  'phone',
  'companyName',
  'companyStreet',
  'companyPostalCode',
  'companyCity',
  'companyCountry',
  'companyVatNumber',
];

/** What the machine takes now, for whoever may send it; nothing while the engine does not say (security.md A15). */
function offeredActions(
  ctx: Context,
  { kind }: Registration,
  { links }: Registrant,
  view: RegistrationView | undefined,
): Action[] {
  if (!view || !hasRole(ctx.state.staff, 'operator')) return [];
  // Links are no affair of the machine: they are there or not.
  return actions.filter(
    (action) =>
      (action === 'revoke-links' ? links > 0 : view.allowed.includes(eventOf[action])) &&
      !(kind === 'invited' && fixedByInviter.includes(action)),
  );
}

async function findPartners(ctx: Context, { services: { db } }: Wiring, failed: Shown['failed']) {
  const typed = new URLSearchParams(ctx.search).get('partner') ?? undefined;
  const chosen = failed?.action === 'assign-partner' ? failed.typed.partnerId : undefined;
  if (typed === undefined && chosen === undefined) return undefined;
  const search = (typed ?? '').replaceAll('\0', '').trim().normalize('NFC').slice(0, longestSearch);
  const found: Pick<Partner, 'id' | 'name'>[] = await partnerChoices(db, { prefix: search, limit: mostPartners });
  return { search, found: found.map(({ id, name }) => ({ id, name })) };
}

function draw(ctx: Context, current: string): Promise<string> {
  const t = translator(ctx.state.language);
  return drawMachine(registrationMachine, {
    key: ctx.state.language,
    title: (state) => t(`states.${state}`),
    outcomes: effectOutcomes,
    label: t('registrations.detail.diagramLabel'),
    current,
  });
}
