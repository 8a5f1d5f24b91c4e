/** What staff do to a registration: events that the machine may refuse, and changes of the row that go with them. */
import { type AuditEntry, recordAudit } from '../db/audit.js';
import type { Registration } from '../db/models.js';
import {
  changeEmail,
  extendLifetime,
  hasEmail,
  isEmailTaken,
  isRecorded,
  recordAuditOnce,
  revokeLinks,
} from '../db/registration-changes.js';
import { endWithoutWorkflow, loadSettings } from '../db/registrations.js';
import type { RegistrationEvent } from '../machines/registration.js';
import type { EventResult } from './engine.js';
import { RequestError } from './errors.js';
import { maskEmail } from './mask.js';
import { registrationStates } from './registration-states.js';
import type { Services } from './registrations.js';

/** Who acts, why, and the form's key, by which a double click is known. */
export interface Acting {
  staffId: string;
  source: string;
  reason?: string;
  key: string;
}

/** `gone`: Temporal has no such workflow any more, and the reconciler will end the row. */
export type ChangeResult =
  | { kind: 'done' | 'pending' | 'unavailable' | 'gone' }
  | { kind: 'refused'; state: string }
  | { kind: 'limited'; seconds: number }
  | { kind: 'invalid'; field: string; code: string }
  /** The address is corrected, but the machine has not heard of it. */
  | { kind: 'correctedOnly'; state?: string };

/** The audit log's name of each event (`registration.<name>`). */
const auditNames = {
  RETRY: 'retry',
  CANCEL: 'cancel',
  RESEND: 'resend',
  EXTEND: 'extend',
  ASSIGN_PARTNER: 'assignPartner',
  APPROVE: 'approve',
  DECLINE: 'decline',
} as const;
export type StaffEvent = Extract<RegistrationEvent, { type: keyof typeof auditNames }>;

/**
 * Sends an event and writes down what came of it. The event first: a line that says what was wanted must also say what
 * became of it, and the log is never changed. The step itself is in the registration's own history in any case.
 */
export async function sendByStaff(
  services: Services,
  registration: Registration,
  event: StaffEvent,
  acting: Acting,
): Promise<ChangeResult> {
  const { db, engine } = services;
  const { reference, id } = registration;
  const result = await engine.send(reference, { ...event, actor: 'operator' }, updateId(event.type, acting.key));
  const orphaned = result.kind === 'ended' && !(await isOver(services, registration));
  const ended = orphaned && event.type === 'CANCEL' && (await endWithoutWorkflow(db, [reference])).length > 0;
  const settings = event.type === 'EXTEND' && result.kind === 'taken' ? await loadSettings(db) : undefined;
  await db.transaction(async (trx) => {
    if (settings) await extendLifetime(trx, id, settings.registration_lifetime_seconds);
    const partner = event.type === 'ASSIGN_PARTNER' ? { partnerId: event.partnerId } : {};
    const after = { ...partner, result: ended ? 'taken' : result.kind, key: acting.key };
    await recordAuditOnce(trx, auditLine(registration, acting, { action: auditNames[event.type], after }));
  });
  if (ended) return { kind: 'done' };
  return orphaned ? { kind: 'gone' } : changeResult(result, registration);
}

/** Mails a fresh link, to the registered address only (security.md A16); past a mailbox's limits once an hour (L6). */
export async function resendLink(
  services: Services,
  registration: Registration,
  acting: Acting,
): Promise<ChangeResult> {
  const seconds = await staffMayMail(services, registration.id, registration.email ?? '');
  if (seconds === 0) return sendByStaff(services, registration, { type: 'RESEND' }, acting);
  const after = { result: 'limited', key: acting.key };
  await services.db.transaction((trx) =>
    recordAuditOnce(trx, auditLine(registration, acting, { action: auditNames.RESEND, after })),
  );
  return { kind: 'limited', seconds };
}

/** 0, or the seconds to wait; counts like any mail. */
async function staffMayMail({ limits }: Services, registrationId: string, email: string): Promise<number> {
  if (await limits.mayMail(email)) return 0;
  try {
    await limits.consume('staffResends', registrationId);
    return 0;
  } catch (error) {
    if (error instanceof RequestError && error.details.retryAfter) return error.details.retryAfter;
    throw error;
  }
}

const correctableStates = registrationStates
  .filter(({ takes }) => takes.includes('CORRECT_EMAIL'))
  .map(({ name }) => name);

/**
 * Gives the registration another address and mails the link there. The row first, with its audit line, for the mail goes
 * where the row says; that the machine would take the event is asked before, so that nothing is changed for nothing.
 */
export async function correctEmail(
  services: Services,
  registration: Registration,
  email: string,
  acting: Acting,
): Promise<ChangeResult> {
  const { db, engine } = services;
  const { reference, id } = registration;
  const corrected = auditLine(registration, acting, {
    action: 'emailCorrected',
    before: { email: maskEmail(registration.email ?? '') },
    after: { email: maskEmail(email), key: acting.key },
  });
  const isSame = registration.email === email;
  if (!isSame || !(await isRecorded(db, corrected))) {
    const view = await engine.view(reference);
    if (!view) return { kind: 'unavailable' };
    if (!view.allowed.includes('CORRECT_EMAIL')) return { kind: 'refused', state: view.state };
    if (isSame) return { kind: 'invalid', field: 'email', code: 'sameEmail' };
    const seconds = await staffMayMail(services, id, email);
    if (seconds > 0) return { kind: 'limited', seconds };
    const changed = await changeRow(services, registration, email, corrected);
    if (changed === 'taken') return { kind: 'invalid', field: 'email', code: 'emailHasOpenRegistration' };
    if (changed === 'moved') return { kind: 'refused', state: view.state };
  }
  const event = { type: 'CORRECT_EMAIL', actor: 'operator' } as const;
  const result = await engine.send(reference, event, updateId(event.type, acting.key));
  if (result.kind === 'taken') return { kind: 'done' };
  return { kind: 'correctedOnly', state: result.kind === 'refused' ? result.state : undefined };
}

/** The second of two clicks at once finds done what it was to do. */
async function changeRow({ db }: Services, { id }: Registration, email: string, entry: AuditEntry) {
  try {
    const changed = await db.transaction(async (trx) => {
      if (!(await changeEmail(trx, id, email, correctableStates))) return false;
      await recordAudit(trx, entry);
      return true;
    });
    return changed || (await hasEmail(db, id, email)) ? 'changed' : 'moved';
  } catch (error) {
    if (isEmailTaken(error)) return 'taken';
    throw error;
  }
}

/** Ends all links sent so far; the machine does not know links and need not be told. */
export async function revokeAllLinks(
  { db }: Services,
  registration: Registration,
  acting: Acting,
): Promise<ChangeResult> {
  await db.transaction(async (trx) => {
    const links = await revokeLinks(trx, registration.id);
    const after = { links, key: acting.key };
    // A second click finds none.
    if (links > 0) await recordAuditOnce(trx, auditLine(registration, acting, { action: 'linksRevoked', after }));
  });
  return { kind: 'done' };
}

const updateId = (event: string, key: string) => `staff-${event.toLowerCase()}-${key}`;

function auditLine<After extends { key: string }>(
  { reference }: Registration,
  { staffId, source, reason }: Acting,
  { action, before, after }: { action: string; before?: object; after: After },
): AuditEntry & { after: After } {
  const subject = { subjectType: 'registration', subject: reference } as const;
  return { staffId, source, reason, action: `registration.${action}`, ...subject, before, after };
}

const isOver = async ({ db }: Services, { id }: Registration): Promise<boolean> =>
  (await db('registrations').where({ id }).whereNotNull('ended_at').first('id')) !== undefined;

function changeResult(result: EventResult, { state }: Registration): ChangeResult {
  if (result.kind === 'taken') return { kind: 'done' };
  if (result.kind === 'processing') return { kind: 'pending' };
  if (result.kind === 'unavailable') return { kind: 'unavailable' };
  return { kind: 'refused', state: result.kind === 'refused' ? result.state : state };
}
