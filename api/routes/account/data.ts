import { z } from 'zod';
import { loadProfile } from '../../../db/account-profiles.js';
import { deleteAccount, leavingOf, type OrganisationFate } from '../../../db/delete-account.js';
import { exportAccount } from '../../../db/export-account.js';
import { insertNotice } from '../../../db/notices.js';
import { setSessionCookie } from '../../cookies.js';
import { logErasure } from '../../erasure-log.js';
import { RequestError } from '../../errors.js';
import { setFlash } from '../../flash.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { assertOwnPassword } from '../../login.js';
import { handNotice } from '../../outbox.js';
import { DataPage } from '../../pages/account/data-page.js';
import { DeletionPage } from '../../pages/account/deletion-page.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import { formFields } from '../console/console-request.js';
import type { Wiring } from '../wiring.js';

/** What becomes of the organisation, as the person was told: nobody deletes more than they know. */
const organisation = z.enum(['stays', 'goes']);
const deletionForm = z.strictObject({
  ...formFields,
  organisation,
  currentPassword: z.string().max(4_096),
  confirmDeletion: z.string().max(10).optional(),
});
const deletionBody = z.strictObject({ organisation, password: z.string().max(4_096) });
const meaning = z.strictObject({
  /** `false`: the last administrator cannot leave the others alone. */
  possible: z.boolean(),
  /** To be sent along. */
  organisation,
});

interface Shown {
  errors?: FieldErrors;
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
}

/** What a person takes along, and how they leave. Open also to who does not accept a new agreement. */
export function dataRoutes({ services, secure, publicUrl }: Wiring): Route[] {
  const { db, keys } = services;
  const mailDomain = new URL(publicUrl).hostname;

  async function download(ctx: Context) {
    const day = new Date().toISOString().slice(0, 10);
    await sendExport(ctx);
    ctx.attachment(`vestibule-account-${day}.json`);
    ctx.type = 'json';
  }

  async function sendExport(ctx: Context) {
    const data = await exportAccount(db, ctx.state.user!.userId);
    ctx.body = JSON.stringify({ exportedAt: new Date(), ...data }, undefined, 2);
    ctx.type = 'json';
  }

  async function showDeletion(ctx: Context, shown: Shown = {}, status = 200) {
    const user = ctx.state.user!;
    const [leaving, profile] = await Promise.all([leavingOf(db, user.userId, user), loadProfile(db, user.userId)]);
    const company = (profile.user.customer ?? profile.user.partner)!.name;
    showPage(ctx, DeletionPage, { leaving, company, email: user.email, errors: {}, ...shown }, status);
  }

  async function submitDeletion(ctx: Context) {
    const { organisation: told, currentPassword, confirmDeletion } = bodyOf(ctx, deletionForm);
    if (!confirmDeletion) return showDeletion(ctx, { errors: { confirmDeletion: 'mustAccept' } }, 400);
    try {
      await remove(ctx, currentPassword, told);
    } catch (error) {
      // The first of two clicks was quicker.
      if (await isGone(ctx)) return leave(ctx);
      if (!(error instanceof RequestError)) throw error;
      const { code, status, details } = error;
      if (code === 'wrongPassword') return showDeletion(ctx, { errors: { currentPassword: code } }, status);
      if (code === 'lastAdministrator') return showDeletion(ctx, {}, status);
      if (code === 'staleEdit') return showDeletion(ctx, { error: 'deletionChanged' }, status);
      if (code !== 'tooManyAttempts') throw error;
      ctx.set('Retry-After', String(details.retryAfter));
      return showDeletion(ctx, { error: code, seconds: details.retryAfter }, status);
    }
    leave(ctx);
  }

  const isGone = async (ctx: Context) => !(await db('users').where({ id: ctx.state.user!.userId }).first('id'));

  function leave(ctx: Context) {
    setSessionCookie(ctx, null, { secure });
    setFlash(ctx, { notice: 'accountDeleted' }, secure);
    ctx.set('Clear-Site-Data', '"cache"');
    seeOther(ctx, '/login');
  }

  async function postDeletion(ctx: Context) {
    const { organisation: told, password } = bodyOf(ctx, deletionBody);
    await remove(ctx, password, told);
    ctx.status = 204;
  }

  /** Everything or nothing, in one transaction, the last mail included; who was deleted already is deleted. */
  async function remove(ctx: Context, password: string, told: OrganisationFate) {
    const user = ctx.state.user!;
    await assertOwnPassword(services, ctx, user, password);
    const outcome = await db.transaction(async (trx) => {
      const outcome = await deleteAccount(trx, user.userId, user, told);
      if (outcome.kind !== 'deleted') return outcome;
      const { email, language } = outcome.erased;
      const notice = { template: 'account-deleted', email, language, mailDomain } as const;
      return { ...outcome, noticeId: await insertNotice(trx, keys, notice) };
    });
    if (outcome.kind === 'lastAdministrator') throw new RequestError('lastAdministrator');
    if (outcome.kind === 'changed') throw new RequestError('staleEdit');
    setSessionCookie(ctx, null, { secure });
    if (!('noticeId' in outcome)) return;
    logErasure(services, user.userId, outcome.erased.registrationId);
    await handNotice(services, outcome.noticeId);
  }

  async function tellMeaning(ctx: Context) {
    const user = ctx.state.user!;
    const leaving = await leavingOf(db, user.userId, user);
    ctx.body = { possible: leaving !== 'lastAdministrator', organisation: leaving === 'goes' ? leaving : 'stays' };
  }

  const page = { kind: 'page', audience: 'user', whilePending: 'agreements' } as const;
  const api = { kind: 'api', audience: 'user', whilePending: 'agreements' } as const;
  return [
    { ...page, method: 'get', path: '/account/data', handle: (ctx) => showPage(ctx, DataPage, {}) },
    { ...page, method: 'get', path: '/account/export', handle: download },
    { ...page, method: 'get', path: '/account/delete', handle: (ctx) => showDeletion(ctx) },
    {
      ...page,
      method: 'post',
      path: '/account/delete',
      body: deletionForm,
      againLeadsTo: '/login',
      handle: submitDeletion,
    },
    {
      ...api,
      method: 'get',
      path: '/api/v1/me/export',
      summary: 'Everything that is kept about the signed-in user',
      responses: { 200: { description: 'By subject', body: z.record(z.string(), z.unknown()) } },
      handle: sendExport,
    },
    {
      ...api,
      method: 'get',
      path: '/api/v1/me/deletion',
      summary: 'What deleting the own account would mean for the organisation',
      responses: { 200: { description: 'As it stands now', body: meaning } },
      handle: tellMeaning,
    },
    {
      ...api,
      method: 'post',
      path: '/api/v1/me/deletion',
      summary: 'Deletes the own account for good, if it still means for the organisation what was told',
      body: deletionBody,
      responses: { 204: { description: 'Deleted; the session has ended' } },
      handle: postDeletion,
    },
  ];
}
