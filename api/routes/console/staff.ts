import { z } from 'zod';
import { recordAudit } from '../../../db/audit.js';
import type { StaffRole } from '../../../db/models.js';
import { changeStaff, listStaff, type StaffChange } from '../../../db/staff.js';
import { listInvitations } from '../../../db/staff-invitations.js';
import { assertThat, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { StaffPage } from '../../pages/console/staff-page.js';
import { resetSecondFactor } from '../../second-factor/reset.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields, plainForm } from './console-request.js';
import { differences } from './differences.js';
import { type ShowStaff, staffInvitationRoutes } from './staff-invitations.js';
import { takeDone } from './take-done.js';
import { pathId } from './typed-text.js';

const list = '/console/staff';
const role = z.enum(['viewer', 'operator', 'admin']);
/** What the form showed, for the lock (security.md C19). */
const wasFields = { ...formFields, wasRole: role, wasDisabled: z.enum(['true', 'false']) };
const roleForm = z.strictObject({ ...wasFields, role });
const switchForm = z.strictObject(wasFields);

/** OEM staff: who may use the Console, and as what. For administrators only, reading included. */
export function staffRoutes(wiring: Wiring): Route[] {
  const { services, secure, publicUrl } = wiring;
  const { db } = services;

  const show: ShowStaff = async (ctx, { form = {}, errors = {}, error, seconds } = {}, status = 200) => {
    const [staff, invitations] = await Promise.all([listStaff(db), listInvitations(db)]);
    const done = status === 200 ? takeDone(ctx, secure) : undefined;
    const ownId = ctx.state.staff!.staffId;
    showPage(ctx, StaffPage, { staff, invitations, ownId, form, errors, error, seconds, done }, status);
  };

  /** Changes one person, with its audit line; shows the page again where that is not possible any more. */
  async function change(
    ctx: Context,
    becomes: StaffChange['becomes'],
    { action, key }: { action: string; key: string },
  ) {
    const { wasRole, wasDisabled } = bodyOf(ctx, switchForm);
    const id = pathId(ctx);
    const was = { role: wasRole, disabled: wasDisabled === 'true' };
    const outcome = await db.transaction(async (trx) => {
      const outcome = await changeStaff(trx, { id, actorId: ctx.state.staff!.staffId, was, becomes });
      const changed = outcome.kind === 'done' && differences(was, { ...was, ...becomes });
      if (changed) await recordAudit(trx, { ...auditOf(ctx), action, subjectType: 'staff', subject: id, ...changed });
      return outcome.kind;
    });
    if (outcome === 'gone') throw new RequestError('notFound');
    if (outcome === 'actorGone') throw new RequestError('forbidden');
    if (outcome === 'lastAdministrator') return show(ctx, { errors: { [`role-${id}`]: 'lastAdministrator' } }, 409);
    if (outcome === 'stale') return show(ctx, { error: 'staleEdit' }, 409);
    done(ctx, list, key, secure);
  }

  const changeRole = (ctx: Context) => {
    const becomes: { role: StaffRole } = { role: bodyOf(ctx, roleForm).role };
    return change(ctx, becomes, { action: 'staff.roleChanged', key: 'roleChanged' });
  };
  const disable = (ctx: Context) => change(ctx, { disabled: true }, { action: 'staff.disabled', key: 'disabled' });
  const enable = (ctx: Context) => change(ctx, { disabled: false }, { action: 'staff.enabled', key: 'enabled' });

  /** For a colleague who has lost it; nobody takes their own off without proving it. */
  async function resetFactor(ctx: Context) {
    const id = pathId(ctx);
    assertThat(id !== ctx.state.staff!.staffId, 'forbidden');
    const person = (await listStaff(db)).find((listed) => listed.id === id);
    assertThat(person, 'notFound');
    const told = { email: person.email, language: ctx.state.language, mailDomain: new URL(publicUrl).hostname };
    const line = { ...auditOf(ctx), action: 'staff.secondFactorReset', subjectType: 'staff', subject: id } as const;
    if (await resetSecondFactor(services, { staffId: id }, told, line))
      return done(ctx, list, 'secondFactorReset', secure);
    await show(ctx, { error: 'staleEdit' }, 409);
  }

  const admin = { kind: 'page', audience: 'staff-admin' } as const;
  return [
    { ...admin, method: 'get', path: list, handle: (ctx) => show(ctx) },
    { ...admin, method: 'post', path: `${list}/:id/role`, body: roleForm, handle: changeRole },
    { ...admin, method: 'post', path: `${list}/:id/disable`, body: switchForm, handle: disable },
    { ...admin, method: 'post', path: `${list}/:id/enable`, body: switchForm, handle: enable },
    { ...admin, method: 'post', path: `${list}/:id/reset-second-factor`, body: plainForm, handle: resetFactor },
    ...staffInvitationRoutes(wiring, show),
  ];
}
