/** "My company is registered already": who registers asks an administrator, who lets them in or not. */
import { recordAudit } from '../db/audit.js';
import {
  bindInvitation,
  endJoinRequest,
  findJoinRequest,
  findOwnRequest,
  insertJoinRequest,
  type JoinRequest,
} from '../db/join-requests.js';
import { insertNotice } from '../db/notices.js';
import { grantableTypes } from '../db/organisation-user-list.js';
import { extendLifetime } from '../db/registration-changes.js';
import { findRegistrationById } from '../db/registration-detail.js';
import { loadSettings, type PresentedLink } from '../db/registrations.js';
import { assertThat } from './errors.js';
import type { Inviter } from './invitations.js';
import { handNotice } from './outbox.js';
import { keepAnswers, type Services, typedAnswers } from './registrations.js';

export interface JoinWish {
  /** Canonical. */
  administratorEmail: string;
  givenName: string;
  familyName: string;
  source: string;
  language: string;
}

/**
 * Asks whoever administers a company under this address, if anybody does: what the person is told, and how long it
 * takes, is the same (security.md D7). The name goes into their answers, which proves the mailbox, as every input does.
 */
export async function askToJoin(services: Services, link: PresentedLink, wish: JoinWish): Promise<void> {
  const { db, engine, limits, log } = services;
  const { registration } = link;
  const { administratorEmail, givenName, familyName, language, source } = wish;
  await limits.consume('joinRequestsPerSource', source);
  await limits.consume('joinRequestsPerRegistration', registration.id);
  const answers = { ...typedAnswers(services, registration), givenName, familyName };
  await keepAnswers(services, link, { kind: registration.kind, answers, language });
  const mayMail = await limits.mayMail(administratorEmail);
  const { registration_lifetime_seconds: lifetime } = await loadSettings(db);
  await extendLifetime(db, registration.id, lifetime);
  const id = await insertJoinRequest(db, {
    registrationId: registration.id,
    name: `${givenName} ${familyName}`,
    administratorEmail,
  });
  if (!id) return;
  // Past the mailbox's limits the reconciler asks later; told is the same.
  const taken = mayMail && engine.serve('joinRequest', id);
  // What waits for somebody else must not run out meanwhile.
  const extended = engine.signal(registration.reference, { type: 'EXTEND', actor: 'registrant' });
  await Promise.all([taken, extended]).catch((error) => {
    log.warn({ err: error, id }, 'the engine did not take a request to join; it is taken up later');
  });
}

export const ownRequest = ({ db }: Services, { registration }: PresentedLink) => findOwnRequest(db, registration.id);

/** Of this administrator alone: another's request is not found (security.md A2, E9). */
export async function requestTo({ db }: Services, { userId }: Inviter, id: string): Promise<JoinRequest> {
  const request = await findJoinRequest(db, userId, id);
  assertThat(request, 'notFound');
  return request;
}

/** Makes the registration one of an invited person: they finish it as such, and become a user of the company. */
export async function approveJoin(
  services: Services,
  inviter: Inviter,
  request: JoinRequest,
  userTypeId: string,
): Promise<void> {
  const { db, engine, log, limits } = services;
  const { customerId, userId: invitedBy, source } = inviter;
  assertThat(customerId, 'forbidden');
  const type = (await grantableTypes(db, inviter, inviter.permissions)).find(({ id }) => id === userTypeId);
  assertThat(type, 'invalidFields', { fields: { userTypeId: 'userTypeNotAllowed' } });
  // As long as the registration goes on, whose clock starts anew with it.
  const { registration_lifetime_seconds: lifetimeSeconds } = await loadSettings(db);
  await db.transaction(async (trx) => {
    assertThat(await endJoinRequest(trx, request.id, 'approved'), 'staleEdit');
    const isBound = await bindInvitation(trx, request, { customerId, userTypeId, invitedBy, lifetimeSeconds });
    assertThat(isBound, 'staleEdit');
    const what = { action: 'user.joinApproved', subjectType: 'user', subject: request.id } as const;
    await recordAudit(trx, { userId: invitedBy, source, ...what, after: { userType: type.name } });
  });
  const registration = await findRegistrationById(db, request.registrationId);
  if (!registration || !(await limits.mayMail(request.email))) return;
  const { reference } = registration;
  await engine.signal(reference, { type: 'RENEW', actor: 'administrator' }).catch((error) => {
    log.warn({ err: error, reference }, 'the engine did not take an approval; it is taken up later');
  });
}

/** The registrant is told, and can go on with a company of their own. */
export async function declineJoin(
  services: Services,
  inviter: Inviter,
  request: JoinRequest,
  mailDomain: string,
): Promise<void> {
  const { db, keys } = services;
  const { userId, source } = inviter;
  const noticeId = await db.transaction(async (trx) => {
    assertThat(await endJoinRequest(trx, request.id, 'declined'), 'staleEdit');
    await recordAudit(trx, { userId, source, action: 'user.joinDeclined', subjectType: 'user', subject: request.id });
    const { email, language } = request;
    return insertNotice(trx, keys, { template: 'join-declined', email, language, mailDomain });
  });
  await handNotice(services, noticeId);
}
