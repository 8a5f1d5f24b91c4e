import { z } from 'zod';
import { findMember, grantableTypes, listMembers, type Member } from '../../../db/organisation-user-list.js';
import { endUserSessions, hasRemoved, type UserRefusal } from '../../../db/organisation-users.js';
import { assertThat, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { RemoveUserPage } from '../../pages/account/remove-user-page.js';
import { UserPage } from '../../pages/account/user-page.js';
import { UsersPage } from '../../pages/account/users-page.js';
import { showPage } from '../../show-page.js';
import { changeAndTell, removeAndTell } from '../../user-changes.js';
import { done, formFields, plainForm } from '../console/console-request.js';
import { takeDone } from '../console/take-done.js';
import { pathId, searchText } from '../console/typed-text.js';
import type { Wiring } from '../wiring.js';
import { actorOf } from './actor.js';
import { presentMember, reachOf } from './present-member.js';
import { startReset } from './start-reset.js';

const list = '/account/users';
/** Users on one page of the list. */
const pageSize = 25;
const listQuery = z.object({
  q: searchText,
  after: z.uuid().optional().catch(undefined),
});

/** What the form showed, for the lock (security.md C19). */
const wasFields = { ...formFields, wasType: z.uuid(), wasDisabled: z.enum(['true', 'false']) };
const switchForm = z.strictObject(wasFields);
const typeForm = z.strictObject({ ...wasFields, userType: z.uuid() });

/** An administrator's users. Whose they are comes from the session; another's user is not found (security.md A2, A7, E9). */
export function organisationUserRoutes(wiring: Wiring): Route[] {
  const { services, secure, publicUrl } = wiring;
  const { db } = services;
  const mailDomain = new URL(publicUrl).hostname;

  async function showList(ctx: Context) {
    const { q: text, after } = listQuery.parse(ctx.query);
    // One more than is shown, to see whether there is a next page.
    const found = await listMembers(db, ctx.state.user!, { text, after, limit: pageSize + 1 });
    const users = found.slice(0, pageSize);
    const next = found.length > pageSize ? users.at(-1)?.id : undefined;
    const model = { users: users.map(presentMember), search: text, next, later: after !== undefined };
    showPage(ctx, UsersPage, { ...model, ownId: ctx.state.user!.userId, done: takeDone(ctx, secure) });
  }

  async function memberOf(ctx: Context): Promise<Member> {
    const member = await findMember(db, ctx.state.user!, pathId(ctx));
    assertThat(member, 'notFound');
    return member;
  }

  async function showOne(ctx: Context, error?: { code: string; field?: string }) {
    const member = await memberOf(ctx);
    const user = ctx.state.user!;
    const types = await grantableTypes(db, user, user.permissions);
    const model = { user: presentMember(member), types, ...reachOf(ctx, member) };
    const fault = error?.field ? { errors: { [error.field]: error.code } } : { error: error?.code };
    const done = error ? undefined : takeDone(ctx, secure);
    showPage(ctx, UserPage, { ...model, errors: {}, ...fault, done }, error ? 409 : 200);
  }

  async function showRemoval(ctx: Context) {
    const member = await memberOf(ctx);
    const { isSelf, isOutOfReach } = reachOf(ctx, member);
    assertThat(!isSelf && !isOutOfReach, 'forbidden');
    showPage(ctx, RemoveUserPage, { user: presentMember(member) });
  }

  /** Says what was done, or why not: with the page as it is by now where somebody could still act on it. */
  async function conclude(ctx: Context, outcome: 'done' | UserRefusal, key: string, path = `${list}/${pathId(ctx)}`) {
    if (outcome === 'done') return done(ctx, path, key, secure);
    if (outcome === 'gone') throw new RequestError('notFound');
    if (outcome === 'stale') return showOne(ctx, { code: 'staleEdit' });
    if (outcome === 'lastAdministrator') return showOne(ctx, { code: outcome, field: 'userType' });
    throw new RequestError('forbidden');
  }

  const changeOf = (ctx: Context) => {
    const { wasType, wasDisabled } = bodyOf(ctx, switchForm);
    const was = { userTypeId: wasType, disabled: wasDisabled === 'true' };
    return { id: pathId(ctx), ...actorOf(ctx), was, mailDomain };
  };

  async function changeType(ctx: Context) {
    const becomes = { userTypeId: bodyOf(ctx, typeForm).userType };
    const outcome = await changeAndTell(services, { ...changeOf(ctx), becomes });
    // Whoever has given the own rights away may not see this page any more.
    if (outcome === 'done' && pathId(ctx) === ctx.state.user!.userId) return seeOther(ctx, '/account');
    await conclude(ctx, outcome, 'typeChanged');
  }

  async function setDisabled(ctx: Context, disabled: boolean) {
    const outcome = await changeAndTell(services, { ...changeOf(ctx), becomes: { disabled } });
    await conclude(ctx, outcome, disabled ? 'disabled' : 'enabled');
  }

  async function endSessions(ctx: Context) {
    const { kind } = await db.transaction((trx) => endUserSessions(trx, { id: pathId(ctx), ...actorOf(ctx) }));
    await conclude(ctx, kind, 'sessionsEnded');
  }

  async function reset(ctx: Context) {
    await startReset(ctx, wiring, await memberOf(ctx));
    await conclude(ctx, 'done', 'resetStarted');
  }

  async function remove(ctx: Context) {
    const outcome = await removeAndTell(services, changeOf(ctx));
    const isAgain = outcome === 'gone' && (await hasRemoved(db, ctx.state.user!.userId, pathId(ctx)));
    await conclude(ctx, isAgain ? 'done' : outcome, 'removed', list);
  }

  const page = { kind: 'page', audience: 'user-admin' } as const;
  const one = `${list}/:id`;
  return [
    { ...page, method: 'get', path: list, handle: showList },
    { ...page, method: 'get', path: one, handle: (ctx) => showOne(ctx) },
    { ...page, method: 'post', path: `${one}/type`, body: typeForm, handle: changeType },
    { ...page, method: 'post', path: `${one}/disable`, body: switchForm, handle: (ctx) => setDisabled(ctx, true) },
    { ...page, method: 'post', path: `${one}/enable`, body: switchForm, handle: (ctx) => setDisabled(ctx, false) },
    { ...page, method: 'post', path: `${one}/end-sessions`, body: plainForm, handle: endSessions },
    { ...page, method: 'post', path: `${one}/password-reset`, body: plainForm, handle: reset },
    { ...page, method: 'get', path: `${one}/remove`, handle: showRemoval },
    { ...page, method: 'post', path: `${one}/remove`, body: switchForm, handle: remove },
  ];
}
