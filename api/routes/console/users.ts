import { z } from 'zod';
import { recordAudit } from '../../../db/audit.js';
import { findUserRecord, searchUsers, type UserRecord } from '../../../db/console-users.js';
import { endUserSessions, type UserRefusal } from '../../../db/organisation-users.js';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { maskEmail, maskName } from '../../mask.js';
import { UserPage, type UserPageModel } from '../../pages/console/user-page.js';
import { UsersPage } from '../../pages/console/users-page.js';
import { askForReset } from '../../password-resets.js';
import { resetSecondFactor } from '../../second-factor/reset.js';
import { isLiveSql, liveBindings, userSessionLifetimes } from '../../sessions.js';
import { showPage } from '../../show-page.js';
import { changeAndTell } from '../../user-changes.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields, plainForm } from './console-request.js';
import { takeDone } from './take-done.js';
import { line, pathId } from './typed-text.js';

const list = '/console/users';
const mostUsers = 50;
const searchText = line(254);
const live = { sql: isLiveSql, bindings: liveBindings(userSessionLifetimes) };
/** What the page showed, for the lock (security.md C19). */
const switchForm = z.strictObject({ ...formFields, wasUserTypeId: z.uuid(), wasDisabled: z.enum(['true', 'false']) });
/** Seconds after which a limit on mails to one mailbox has room again, in the shortest case. */
const mailPause = 60;

type Shown = Pick<UserPageModel, 'error' | 'seconds'> & { isRevealed?: boolean };

/** Users of all organisations, for support. Nobody here sees or sets a password (security.md P9). */
export function userRoutes({ services, secure, publicUrl }: Wiring): Route[] {
  const { db } = services;
  const mailDomain = new URL(publicUrl).hostname;
  const pathOf = (ctx: Context) => `${list}/${pathId(ctx)}`;

  async function showList(ctx: Context) {
    const text = searchText.safeParse(ctx.URL.searchParams.get('search') ?? '');
    const found = text.success ? await searchUsers(db, text.data, mostUsers + 1) : [];
    const users = found.slice(0, mostUsers).map((user) => ({ ...user, ...masked(user) }));
    const search = text.success ? text.data : '';
    showPage(ctx, UsersPage, { users, search, hasMore: found.length > mostUsers });
  }

  async function load(ctx: Context): Promise<UserRecord> {
    const user = await findUserRecord(db, pathId(ctx), live);
    assertThat(user, 'notFound');
    return user;
  }

  async function show(ctx: Context, { isRevealed = false, ...shown }: Shown = {}, status = 200) {
    const user = await load(ctx);
    const said = status === 200 ? takeDone(ctx, secure) : undefined;
    const person = isRevealed
      ? { email: user.email, name: `${user.givenName} ${user.familyName}`, phone: user.phone }
      : { ...masked(user), phone: null };
    showPage(ctx, UserPage, { ...user, ...person, isRevealed, ...shown, done: said }, status);
  }

  /** Shows the person once, in this answer only, and says in the audit log who looked (security.md A15). */
  async function reveal(ctx: Context) {
    const { id } = await load(ctx);
    await recordAudit(db, { ...auditOf(ctx), action: 'user.revealed', subjectType: 'user', subject: id });
    await show(ctx, { isRevealed: true });
  }

  /** The link goes to the user's mailbox and nowhere else. */
  async function sendReset(ctx: Context) {
    const { id, email, language, disabled } = await load(ctx);
    if (disabled) return show(ctx, { error: 'staleEdit' }, 409);
    const line = { ...auditOf(ctx), action: 'user.resetSent', subjectType: 'user', subject: id } as const;
    const isSent = await askForReset(services, { email, language, mailDomain }, (trx) => recordAudit(trx, line));
    if (isSent) return done(ctx, pathOf(ctx), 'resetSent', secure);
    ctx.set('Retry-After', String(mailPause));
    await show(ctx, { error: 'tooManyAttempts', seconds: mailPause }, 429);
  }

  async function endSessions(ctx: Context) {
    const change = { id: pathId(ctx), actor: { staffId: ctx.state.staff!.staffId }, source: ctx.state.source };
    const { kind } = await db.transaction((trx) => endUserSessions(trx, change));
    await answer(ctx, kind, 'sessionsEnded');
  }

  /** For a user who has lost it; the password is still asked. */
  async function resetFactor(ctx: Context) {
    const { id, email, language } = await load(ctx);
    const line = { ...auditOf(ctx), action: 'user.secondFactorReset', subjectType: 'user', subject: id } as const;
    const isReset = await resetSecondFactor(services, { userId: id }, { email, language, mailDomain }, line);
    if (isReset) return done(ctx, pathOf(ctx), 'secondFactorReset', secure);
    await show(ctx, { error: 'staleEdit' }, 409);
  }

  const become = (disabled: boolean) => async (ctx: Context) => {
    const { wasUserTypeId: userTypeId, wasDisabled } = bodyOf(ctx, switchForm);
    const { staffId, source } = auditOf(ctx);
    const was = { userTypeId, disabled: wasDisabled === 'true' };
    const change = { id: pathId(ctx), actor: { staffId }, source, was, becomes: { disabled }, mailDomain };
    await answer(ctx, await changeAndTell(services, change), disabled ? 'disabled' : 'enabled');
  };

  async function answer(ctx: Context, outcome: 'done' | UserRefusal, key: string) {
    assertThat(outcome !== 'gone', 'notFound');
    if (outcome === 'done') return done(ctx, pathOf(ctx), key, secure);
    await show(ctx, { error: outcome === 'lastAdministrator' ? 'lastAdministrator' : 'staleEdit' }, 409);
  }

  const viewer = { kind: 'page', method: 'get', audience: 'staff-viewer' } as const;
  const operator = { kind: 'page', method: 'post', audience: 'staff-operator' } as const;
  return [
    { ...viewer, path: list, handle: showList },
    { ...viewer, path: `${list}/:id`, handle: (ctx) => show(ctx) },
    { ...operator, path: `${list}/:id/reveal`, body: plainForm, handle: reveal },
    { ...operator, path: `${list}/:id/send-reset`, body: plainForm, handle: sendReset },
    { ...operator, path: `${list}/:id/end-sessions`, body: plainForm, handle: endSessions },
    { ...operator, path: `${list}/:id/reset-second-factor`, body: plainForm, handle: resetFactor },
    { ...operator, path: `${list}/:id/disable`, body: switchForm, handle: become(true) },
    { ...operator, path: `${list}/:id/enable`, body: switchForm, handle: become(false) },
  ];
}

const masked = ({ email, givenName, familyName }: Pick<UserRecord, 'email' | 'givenName' | 'familyName'>) => ({
  email: maskEmail(email),
  name: maskName(givenName, familyName),
});
