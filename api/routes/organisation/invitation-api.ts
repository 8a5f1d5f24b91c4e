import { z } from 'zod';
import { listInvitations } from '../../../db/invitations.js';
import { grantableTypes } from '../../../db/organisation-user-list.js';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { languages } from '../../i18n.js';
import { invite, inviterOf, resend, revoke } from '../../invitations.js';
import { email } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';

const invitationBody = z.strictObject({ email, userTypeId: z.uuid(), language: z.enum(languages).optional() });
const emptyBody = z.strictObject({});
const listed = z.strictObject({
  id: z.uuid(),
  email: z.string(),
  userType: z.string().nullable(),
  language: z.string(),
  invitedBy: z.string().nullable(),
  invitedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  state: z.enum(['pending', 'undeliverable', 'declined', 'expired', 'void']),
});
const list = z.strictObject({
  invitations: z.array(listed),
  /** The user types that the caller may give. */
  userTypes: z.array(z.strictObject({ id: z.uuid(), name: z.string() })),
});
const made = z.strictObject({ id: z.uuid() });
const path = '/api/v1/organisation/invitations';

/** Invitations of the caller's organisation as JSON; nothing that opens one is in any answer (security.md A9). */
export function invitationApi({ services, publicUrl }: Wiring): Route[] {
  const mailDomain = new URL(publicUrl).hostname;

  async function show(ctx: Context) {
    const inviter = inviterOf(ctx);
    const invitations = await listInvitations(services.db, inviter);
    const userTypes = await grantableTypes(services.db, inviter, inviter.permissions);
    ctx.body = {
      invitations: invitations.map(({ invitedAt, expiresAt, ...invitation }) => ({
        ...invitation,
        invitedAt: invitedAt.toISOString(),
        expiresAt: expiresAt.toISOString(),
      })),
      userTypes: userTypes.map(({ id, name }) => ({ id, name })),
    };
  }

  async function create(ctx: Context) {
    const { language = ctx.state.language, ...wish } = bodyOf(ctx, invitationBody);
    ctx.status = 202;
    ctx.body = { id: await invite(services, inviterOf(ctx), { ...wish, language }, mailDomain) };
  }

  async function sendAgain(ctx: Context) {
    await resend(services, inviterOf(ctx), idOf(ctx), mailDomain);
    ctx.status = 202;
    ctx.body = { id: idOf(ctx) };
  }

  async function remove(ctx: Context) {
    await revoke(services, inviterOf(ctx), idOf(ctx));
    ctx.status = 204;
  }

  const own = { kind: 'api', audience: 'user-admin' } as const;
  const accepted = { 202: { description: 'Accepted: a mail is on its way', body: made } };
  return [
    {
      ...own,
      method: 'get',
      path,
      summary: 'Invitations of the own organisation that led to no account yet',
      responses: { 200: { description: 'The newest first', body: list } },
      handle: show,
    },
    {
      ...own,
      method: 'post',
      path,
      summary: 'Invite somebody into the own organisation: the same answer for every address',
      body: invitationBody,
      responses: accepted,
      handle: create,
    },
    {
      ...own,
      method: 'post',
      path: `${path}/:id/resend`,
      summary: 'Mail a new link; earlier ones stop working',
      body: emptyBody,
      responses: accepted,
      handle: sendAgain,
    },
    {
      ...own,
      method: 'delete',
      path: `${path}/:id`,
      summary: 'Revoke an invitation and its links',
      responses: { 204: { description: 'Revoked' } },
      handle: remove,
    },
  ];
}

function idOf(ctx: Context): string {
  const { id = '' } = ctx.params;
  assertThat(z.uuid().safeParse(id).success, 'notFound');
  return id;
}
