import { z } from 'zod';
import { grantableTypes } from '../../../db/organisation-user-list.js';
import { RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { inviterOf } from '../../invitations.js';
import { approveJoin, declineJoin, requestTo } from '../../join-requests.js';
import { type JoinRequestModel, JoinRequestPage } from '../../pages/account/join-request-page.js';
import { showPage } from '../../show-page.js';
import { done, formFields, plainForm } from '../console/console-request.js';
import { pathId } from '../console/typed-text.js';
import type { Wiring } from '../wiring.js';

const path = '/account/join-requests/:id';
const approveForm = z.strictObject({ ...formFields, userTypeId: z.union([z.uuid(), z.literal('')]) });

/**
 * Requests to join, for the administrator whom each names. The mailed address only leads here: who decides is logged in,
 * and opening the page decides nothing.
 */
export function joinRequestRoutes({ services, secure, publicUrl }: Wiring): Route[] {
  const mailDomain = new URL(publicUrl).hostname;

  async function show(ctx: Context, shown: Partial<JoinRequestModel> = {}, status = 200) {
    const inviter = inviterOf(ctx);
    const { id, name, email, expiresAt } = await requestTo(services, inviter, pathId(ctx));
    const userTypes = await grantableTypes(services.db, inviter, inviter.permissions);
    const model = { id, name, email, expiresAt: expiresAt.toISOString(), userTypes, errors: {}, ...shown };
    showPage(ctx, JoinRequestPage, model, status);
  }

  async function approve(ctx: Context) {
    const { userTypeId } = bodyOf(ctx, approveForm);
    // Chosen on purpose: nobody becomes an administrator because it stood first in the list.
    if (!userTypeId) return show(ctx, { errors: { userTypeId: 'required' } }, 400);
    const inviter = inviterOf(ctx);
    try {
      await approveJoin(services, inviter, await requestTo(services, inviter, pathId(ctx)), userTypeId);
    } catch (error) {
      if (!(error instanceof RequestError && error.code === 'invalidFields')) throw error;
      return show(ctx, { errors: error.details.fields }, error.status);
    }
    done(ctx, '/account/invitations', 'joinApproved', secure);
  }

  async function decline(ctx: Context) {
    const inviter = inviterOf(ctx);
    await declineJoin(services, inviter, await requestTo(services, inviter, pathId(ctx)), mailDomain);
    done(ctx, '/account/invitations', 'joinDeclined', secure);
  }

  const page = { kind: 'page', audience: 'user-admin' } as const;
  return [
    { ...page, method: 'get', path, handle: (ctx) => show(ctx) },
    { ...page, method: 'post', path: `${path}/approve`, body: approveForm, handle: approve },
    { ...page, method: 'post', path: `${path}/decline`, body: plainForm, handle: decline },
  ];
}
