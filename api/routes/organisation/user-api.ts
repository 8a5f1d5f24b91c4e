import { createHash } from 'node:crypto';
import { z } from 'zod';
import { findMember, grantableTypes, listMembers, type Member } from '../../../db/organisation-user-list.js';
import { endUserSessions, type UserAccess, type UserRefusal } from '../../../db/organisation-users.js';
import { assertThat, type ErrorCode, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { changeAndTell, removeAndTell } from '../../user-changes.js';
import { pathId, searchText } from '../console/typed-text.js';
import { fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import { actorOf } from './actor.js';
import { startReset } from './start-reset.js';

const list = '/api/v1/organisation/users';
const usualPage = 50;
const largestPage = 200;
const listQuery = z.strictObject({
  q: searchText.optional().describe('Words with which words of the name or the e-mail begin'),
  after: z.uuid({ error: 'invalid' }).optional().describe('`next` of the page before'),
  limit: z.coerce
    .number({ error: 'invalid' })
    .int('invalid')
    .min(1, 'invalid')
    .max(largestPage, 'invalid')
    .default(usualPage),
});
const version = z.string().max(100);
const member = z.strictObject({
  id: z.uuid(),
  givenName: z.string(),
  familyName: z.string(),
  email: z.string(),
  phone: z.string().optional(),
  language: z.string(),
  userTypeId: z.uuid(),
  userType: z.string(),
  permissions: z.array(z.string()),
  disabled: z.boolean(),
  disabledByStaff: z.boolean(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().optional(),
  /** To be sent along with a change. */
  version,
});
const memberPage = z.strictObject({ items: z.array(member), next: z.uuid().nullable() });
const accessBody = z.strictObject({ userTypeId: z.uuid({ error: 'invalid' }), disabled: z.boolean(), version });
const types = z.strictObject({
  items: z.array(z.strictObject({ id: z.uuid(), name: z.string(), permissions: z.array(z.string()) })),
});
const noBody = z.strictObject({});

/** The users of the signed-in administrator's organisation, for programs. */
export function organisationUserApi(wiring: Wiring): Route[] {
  const { services, publicUrl } = wiring;
  const { db } = services;
  const mailDomain = new URL(publicUrl).hostname;

  async function memberOf(ctx: Context): Promise<Member> {
    const found = await findMember(db, ctx.state.user!, pathId(ctx));
    assertThat(found, 'notFound');
    return found;
  }

  async function showList(ctx: Context) {
    const parsed = listQuery.safeParse(ctx.query);
    if (!parsed.success) throw new RequestError('invalidFields', { fields: fieldErrors(parsed.error) });
    const { q: text, after, limit } = parsed.data;
    const found = await listMembers(db, ctx.state.user!, { text, after, limit: limit + 1 });
    const items = found.slice(0, limit);
    ctx.body = { items: items.map(present), next: found.length > limit ? items.at(-1)!.id : null };
  }

  const showOne = async (ctx: Context) => {
    ctx.body = present(await memberOf(ctx));
  };

  async function showTypes(ctx: Context) {
    const user = ctx.state.user!;
    ctx.body = { items: await grantableTypes(db, user, user.permissions) };
  }

  async function change(ctx: Context) {
    const { version, ...becomes } = bodyOf(ctx, accessBody);
    const was = await memberOf(ctx);
    assertThat(versionOf(was) === version, 'staleEdit');
    expectDone(await changeAndTell(services, { id: was.id, ...actorOf(ctx), was, becomes, mailDomain }));
    await showOne(ctx);
  }

  async function remove(ctx: Context) {
    const was = await memberOf(ctx);
    expectDone(await removeAndTell(services, { id: was.id, ...actorOf(ctx), was, mailDomain }));
    ctx.status = 204;
  }

  async function endSessions(ctx: Context) {
    expectDone((await db.transaction((trx) => endUserSessions(trx, { id: pathId(ctx), ...actorOf(ctx) }))).kind);
    ctx.status = 204;
  }

  async function reset(ctx: Context) {
    await startReset(ctx, wiring, await memberOf(ctx));
    ctx.status = 202;
    ctx.body = {};
  }

  const api = { kind: 'api', audience: 'user-admin' } as const;
  const one = `${list}/:id`;
  const answer = { 200: { description: 'A user', body: member } };
  return [
    {
      ...api,
      method: 'get',
      path: list,
      summary: 'The users of the own organisation, by name',
      query: listQuery,
      responses: { 200: { description: 'A page', body: memberPage } },
      handle: showList,
    },
    { ...api, method: 'get', path: one, summary: 'A user of the own organisation', responses: answer, handle: showOne },
    {
      ...api,
      method: 'put',
      path: one,
      summary: 'Changes the user type, disables or enables; `version` is the one that was read',
      body: accessBody,
      responses: answer,
      handle: change,
    },
    {
      ...api,
      method: 'delete',
      path: one,
      summary: 'Removes a user for good, with everything personal',
      responses: { 204: { description: 'Removed' } },
      handle: remove,
    },
    {
      ...api,
      method: 'delete',
      path: `${one}/sessions`,
      summary: 'Logs a user out everywhere',
      responses: { 204: { description: 'Logged out' } },
      handle: endSessions,
    },
    {
      ...api,
      method: 'post',
      path: `${one}/password-reset`,
      summary: 'Mails the user a link to choose a new password',
      body: noBody,
      responses: { 202: { description: 'The mail is on its way', body: noBody } },
      handle: reset,
    },
    {
      ...api,
      method: 'get',
      path: '/api/v1/organisation/user-types',
      summary: 'The user types that the administrator may give',
      responses: { 200: { description: 'User types', body: types } },
      handle: showTypes,
    },
  ];
}

/** It changes when the access does (security.md C19). */
const versionOf = ({ userTypeId, disabled }: UserAccess): string =>
  createHash('sha256').update(`${userTypeId} ${disabled}`).digest('base64url');

const present = ({ phone, createdAt, lastSeenAt, hasSessions: _, isLastAdministrator: __, ...shown }: Member) => ({
  ...shown,
  ...(phone ? { phone } : {}),
  createdAt: createdAt.toISOString(),
  ...(lastSeenAt ? { lastSeenAt: lastSeenAt.toISOString() } : {}),
  version: versionOf(shown),
});

const refusals: Record<UserRefusal, ErrorCode> = {
  gone: 'notFound',
  stale: 'staleEdit',
  actorGone: 'forbidden',
  lastAdministrator: 'conflict',
  typeNotAllowed: 'forbidden',
  aboveOwn: 'forbidden',
  disabledByStaff: 'forbidden',
  self: 'forbidden',
};

function expectDone(outcome: 'done' | UserRefusal): void {
  if (outcome !== 'done') throw new RequestError(refusals[outcome]);
}
