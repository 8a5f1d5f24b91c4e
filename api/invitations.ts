/** What administrators do with invitations into their organisation: the same functions for pages and JSON API. */
import type { Knex } from 'knex';
import { recordAudit } from '../db/audit.js';
import {
  insertInvitation,
  lockInvitation,
  type OpenedInvitation,
  renewInvitation,
  revokeInvitation,
} from '../db/invitations.js';
import { insertNotice } from '../db/notices.js';
import { grantableTypes } from '../db/organisation-user-list.js';
import { organisationOf } from '../db/organisations.js';
import { findRegistrationById } from '../db/registration-detail.js';
import { loadSettings } from '../db/registrations.js';
import { assertThat, RequestError } from './errors.js';
import type { Context } from './http.js';
import { handNotice } from './outbox.js';
import type { Services } from './registrations.js';

/** An administrator at work, from the session alone (security.md A2). */
export interface Inviter {
  userId: string;
  customerId: string | null;
  partnerId: string | null;
  permissions: string[];
  name: string;
  source: string;
}

export function inviterOf(ctx: Context): Inviter {
  const { userId, customerId, partnerId, permissions, givenName, familyName } = ctx.state.user!;
  return { userId, customerId, partnerId, permissions, name: `${givenName} ${familyName}`, source: ctx.state.source };
}

/** What the administrator fixes; the invited person cannot change any of it (security.md A8). */
export interface Wish {
  /** Canonical. */
  email: string;
  userTypeId: string;
  language: string;
}

/**
 * Invites an address. Row, audit line and what is to be mailed are one transaction; the mail is sent when the engine
 * takes it up and the mailbox may have one. The answer is the same whether the address is unknown, registers already, or
 * has an account elsewhere (security.md E8, A13): only who belongs to the own organisation, or was invited, is told.
 */
export async function invite(services: Services, inviter: Inviter, wish: Wish, mailDomain: string): Promise<string> {
  const { db, limits } = services;
  await assertGrantable(services, inviter, wish.userTypeId);
  await limits.consume('invitationsPerOrganisation', organisationOf(inviter).id);
  const { invitation_lifetime_seconds: lifetimeSeconds } = await loadSettings(db);
  const mayMail = await limits.mayMail(wish.email);
  const opened = await db.transaction(async (trx) => {
    const { column, id } = organisationOf(inviter);
    assertThat(
      !(await trx('users')
        .where({ email: wish.email, [column]: id })
        .first('id')),
      'invalidFields',
      {
        fields: { email: 'alreadyMember' },
      },
    );
    const { customerId, partnerId, userId: invitedBy } = inviter;
    const made = await insertInvitation(trx, { ...wish, customerId, partnerId, invitedBy, lifetimeSeconds });
    assertThat(made, 'invalidFields', { fields: { email: 'alreadyInvited' } });
    return prepared(trx, services, inviter, made, { action: 'user.invited', mayMail, mailDomain });
  });
  await mailOut(services, opened, mayMail);
  return opened.invitation.id;
}

/** Gives an invitation its whole lifetime again, and mails a new link; earlier ones die with it (security.md A11). */
export async function resend(services: Services, inviter: Inviter, id: string, mailDomain: string): Promise<void> {
  const { db, limits } = services;
  await limits.consume('invitationsPerOrganisation', organisationOf(inviter).id);
  const { invitation_lifetime_seconds: lifetimeSeconds } = await loadSettings(db);
  const { mayMail, ...opened } = await db.transaction(async (trx) => {
    const found = await lockInvitation(trx, inviter, id);
    assertThat(found, 'notFound');
    await assertGrantable(services, inviter, found.user_type_id);
    const mayMail = await limits.mayMail(found.email);
    const renewed = await renewInvitation(trx, id, { invitedBy: inviter.userId, lifetimeSeconds, newLink: mayMail });
    const mail = { action: 'user.invitationResent', mayMail, mailDomain };
    return { mayMail, ...(await prepared(trx, services, inviter, renewed, mail)) };
  });
  await mailOut(services, opened, mayMail);
}

/** Ends an invitation and its links. The row first: what it says holds, whether the workflow hears of it now or later. */
export async function revoke(services: Services, inviter: Inviter, id: string): Promise<void> {
  const { db, engine, log } = services;
  const registrationId = await db.transaction(async (trx) => {
    const found = await lockInvitation(trx, inviter, id);
    assertThat(found, 'notFound');
    await revokeInvitation(trx, id);
    await recordAudit(trx, { ...auditOf(inviter, id), action: 'user.invitationRevoked' });
    return found.registration_id;
  });
  const registration = registrationId && (await findRegistrationById(db, registrationId));
  if (!registration || registration.ended_at) return;
  const { reference } = registration;
  await engine.signal(reference, { type: 'CANCEL', actor: 'administrator' }).catch((error) => {
    log.warn({ err: error, reference }, 'the engine did not take a revocation; it is told later');
  });
}

/** Of the own kind, and with no right that the administrator lacks (security.md A7). */
async function assertGrantable({ db }: Services, inviter: Inviter, userTypeId: string | null): Promise<void> {
  const types = await grantableTypes(db, inviter, inviter.permissions);
  const isGrantable = types.some(({ id }) => id === userTypeId);
  assertThat(isGrantable, 'invalidFields', { fields: { userTypeId: 'userTypeNotAllowed' } });
}

interface Prepared {
  invitation: OpenedInvitation;
  /** A word to who has a registration of their own, instead of a link. */
  noticeId?: string;
}

async function prepared(
  trx: Knex.Transaction,
  { keys }: Services,
  inviter: Inviter,
  invitation: OpenedInvitation,
  { action, mayMail, mailDomain }: { action: string; mayMail: boolean; mailDomain: string },
): Promise<Prepared> {
  const { id, email, language, userTypeId: userType, registrationId } = invitation;
  const type = await trx('user_types').where({ id: userType }).first('name');
  await recordAudit(trx, { ...auditOf(inviter, id), action, after: { userType: type?.name } });
  if (registrationId || !mayMail) return { invitation };
  const { table, id: organisationId } = organisationOf(inviter);
  const organisation = await trx(table).where({ id: organisationId }).first('name');
  const values = { organisation: organisation.name, invitedBy: inviter.name };
  const notice = { template: 'invitation-held', email, language, values, mailDomain } as const;
  return { invitation, noticeId: await insertNotice(trx, keys, notice) };
}

const auditOf = ({ userId, source }: Inviter, id: string) =>
  ({ userId, source, subjectType: 'user', subject: id }) as const;

/** What is not taken up here is promised in the rows, and the reconciler keeps it. */
async function mailOut(services: Services, { invitation, noticeId }: Prepared, mayMail: boolean): Promise<void> {
  const { db, engine, log } = services;
  if (noticeId) return handNotice(services, noticeId);
  const registration = invitation.registrationId && (await findRegistrationById(db, invitation.registrationId));
  if (!registration || !mayMail) return;
  const { reference } = registration;
  const asked =
    invitation.isRenewed && registration.sequence > 0
      ? engine.signal(reference, { type: 'RENEW', actor: 'administrator' })
      : engine.requestLink(registration, await loadSettings(db));
  await asked.catch((error) => {
    if (error instanceof RequestError) throw error;
    log.warn({ err: error, reference }, 'the engine did not take an invitation; it is taken up later');
  });
}
