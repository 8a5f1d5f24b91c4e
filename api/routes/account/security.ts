import { z } from 'zod';
import { pendingEmail } from '../../../db/email-changes.js';
import { endOtherSessions, endSession, listSessions } from '../../../db/own-sessions.js';
import { loadSettings } from '../../../db/registrations.js';
import { setSessionCookie } from '../../cookies.js';
import { assertThat, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { changeOwnPassword } from '../../own-password.js';
import { SecurityPage } from '../../pages/account/security-page.js';
import type { FieldErrors } from '../../pages/models.js';
import { isLiveSql, liveBindings, userSessionLifetimes } from '../../sessions.js';
import { showPage } from '../../show-page.js';
import { done, plainForm } from '../console/console-request.js';
import { takeDone } from '../console/take-done.js';
import { pathId } from '../console/typed-text.js';
import type { Wiring } from '../wiring.js';
import { emailChangeRoutes } from './email-change.js';

const path = '/account/security';
const passwords = { currentPassword: z.string().max(4_096), newPassword: z.string().max(4_096) };
const passwordForm = z.strictObject({ ...passwords, formToken: z.string().optional() });
const passwordBody = z.strictObject(passwords);
const live = { sql: isLiveSql, bindings: liveBindings(userSessionLifetimes) };
const session = z.strictObject({
  id: z.uuid(),
  /** "Firefox, Windows"; null when it told nothing that people would know. */
  browser: z.string().nullable(),
  remembered: z.boolean(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  /** The one that asks. */
  current: z.boolean(),
});

interface Shown {
  newEmail?: string;
  errors?: FieldErrors;
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
}

export type ShowSecurity = (ctx: Context, shown?: Shown, status?: number) => Promise<void>;

/** What protects a person's own account: the password, and where they are logged in (security.md P8, S9). */
export function securityRoutes(wiring: Wiring): Route[] {
  const { services, secure, publicUrl } = wiring;
  const { db } = services;
  const mailDomain = new URL(publicUrl).hostname;

  async function ownSessions(ctx: Context) {
    const { userId, sessionId } = ctx.state.user!;
    const sessions = await listSessions(db, userId, live);
    return sessions.map(({ createdAt, lastSeenAt, ...rest }) => ({
      ...rest,
      createdAt: createdAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
      current: rest.id === sessionId,
    }));
  }

  const show: ShowSecurity = async (ctx, shown = {}, status = 200) => {
    const { email, userId } = ctx.state.user!;
    const [sessions, settings, waiting] = await Promise.all([
      ownSessions(ctx),
      loadSettings(db),
      pendingEmail(db, userId),
    ]);
    const said = status === 200 ? takeDone(ctx, secure) : undefined;
    const pending = waiting && { ...waiting, expiresAt: waiting.expiresAt.toISOString() };
    const own = { email, pending, sessions, passwordMinimum: settings.password_minimum };
    showPage(ctx, SecurityPage, { ...own, errors: {}, ...shown, done: said }, status);
  };

  async function submitPassword(ctx: Context) {
    const { currentPassword, newPassword } = bodyOf(ctx, passwordForm);
    try {
      const problem = await changeOwnPassword(services, ctx, { currentPassword, newPassword }, { secure, mailDomain });
      if (problem) return await show(ctx, { errors: { newPassword: problem } }, 400);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const { code, status, details } = error;
      if (code === 'wrongPassword') return show(ctx, { errors: { currentPassword: code } }, status);
      if (code !== 'tooManyAttempts') throw error;
      ctx.set('Retry-After', String(details.retryAfter));
      return show(ctx, { error: code, seconds: details.retryAfter }, status);
    }
    done(ctx, path, 'passwordChanged', secure);
  }

  async function putPassword(ctx: Context) {
    const problem = await changeOwnPassword(services, ctx, bodyOf(ctx, passwordBody), { secure, mailDomain });
    if (problem) throw new RequestError('invalidFields', { fields: { newPassword: problem } });
    ctx.status = 204;
  }

  /** Ends one of the user's sessions; it may be this one. */
  async function end(ctx: Context) {
    const { userId, sessionId } = ctx.state.user!;
    const id = pathId(ctx);
    assertThat(await endSession(db, userId, id), 'notFound');
    if (id === sessionId) setSessionCookie(ctx, null, { secure });
  }

  /** From the page: what another tab has ended already is ended all the same. */
  async function submitEnd(ctx: Context) {
    await end(ctx).catch((error) => {
      if (!(error instanceof RequestError && error.code === 'notFound')) throw error;
    });
    done(ctx, path, 'sessionEnded', secure);
  }

  async function submitEndOthers(ctx: Context) {
    const { userId, sessionId } = ctx.state.user!;
    await endOtherSessions(db, userId, sessionId);
    done(ctx, path, 'sessionsEnded', secure);
  }

  const page = { kind: 'page', audience: 'user' } as const;
  const api = { kind: 'api', audience: 'user' } as const;
  return [
    ...emailChangeRoutes(wiring, show),
    { ...page, method: 'get', path, handle: (ctx) => show(ctx) },
    { ...page, method: 'post', path: `${path}/password`, body: passwordForm, handle: submitPassword },
    { ...page, method: 'post', path: `${path}/sessions/end-others`, body: plainForm, handle: submitEndOthers },
    { ...page, method: 'post', path: `${path}/sessions/:id/end`, body: plainForm, handle: submitEnd },
    {
      ...api,
      method: 'put',
      path: '/api/v1/me/password',
      summary: 'Change the own password; ends all other sessions and sets a new session cookie',
      body: passwordBody,
      responses: { 204: { description: 'Changed' } },
      handle: putPassword,
    },
    {
      ...api,
      method: 'get',
      path: '/api/v1/me/sessions',
      summary: 'Where the signed-in user is logged in',
      responses: { 200: { description: 'Live sessions, the one used last first', body: z.array(session) } },
      handle: async (ctx) => {
        ctx.body = await ownSessions(ctx);
      },
    },
    {
      ...api,
      method: 'delete',
      path: '/api/v1/me/sessions/:id',
      summary: 'End one of the own sessions',
      responses: { 204: { description: 'Ended' } },
      handle: async (ctx) => {
        await end(ctx);
        ctx.status = 204;
      },
    },
  ];
}
