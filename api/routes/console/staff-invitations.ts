import type { Knex } from 'knex';
import { z } from 'zod';
import { recordAudit } from '../../../db/audit.js';
import { type Invitation, inviteStaff, lockInvitation, withdrawInvitation } from '../../../db/staff-invitations.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { languages } from '../../i18n.js';
import { handNotice } from '../../outbox.js';
import type { FieldErrors } from '../../pages/models.js';
import { email as emailSchema, fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields } from './console-request.js';

const list = '/console/staff';
const invitationForm = z.strictObject({
  ...formFields,
  email: z.string().max(1_000),
  role: z.enum(['viewer', 'operator', 'admin']),
  language: z.enum(languages),
});
type InvitationForm = Partial<Record<string, string>>;
/** An invitation is named by its address, in the body: addresses do not belong into paths, which are logged. */
const addressForm = z.strictObject({ ...formFields, email: emailSchema });

/** Seconds after which a limit on mails to one mailbox has room again, in the shortest case. */
const mailPause = 60;

interface ShownStaff {
  form?: InvitationForm;
  errors?: FieldErrors;
  error?: string;
  /** Seconds to wait, with `tooManyAttempts`. */
  seconds?: number;
}
export type ShowStaff = (ctx: Context, shown?: ShownStaff, status?: number) => Promise<void>;

/**
 * Invitations to become staff. The link goes to the invited mailbox and nowhere else: no answer, page, log or audit line
 * holds it (security.md A9).
 */
export function staffInvitationRoutes({ services, secure, publicUrl }: Wiring, show: ShowStaff): Route[] {
  const { db, keys, limits } = services;
  const mailDomain = new URL(publicUrl).hostname;

  async function invite(ctx: Context) {
    const { email: typed, role, language } = bodyOf(ctx, invitationForm);
    const form = { email: typed, role, language };
    const parsed = emailSchema.safeParse(typed);
    if (!parsed.success) {
      const email = fieldErrors(parsed.error)[''] ?? 'invalidEmail';
      return show(ctx, { form, errors: { email }, error: 'invalidFields' }, 400);
    }
    if (!(await limits.mayMail(parsed.data))) return showLimit(ctx, form);
    const noticeId = await db.transaction((trx) =>
      inviteAudited(trx, ctx, { email: parsed.data, role, language }, 'staff.invited'),
    );
    if (!noticeId) return show(ctx, { form, errors: { email: 'alreadyStaff' }, error: 'invalidFields' }, 400);
    await handNotice(services, noticeId);
    done(ctx, list, 'invited', secure);
  }

  /** A new link under the same role; the one mailed before dies. */
  async function resend(ctx: Context) {
    const { email } = bodyOf(ctx, addressForm);
    if (!(await limits.mayMail(email))) return showLimit(ctx);
    const noticeId = await db.transaction(async (trx) => {
      const open = await lockInvitation(trx, email);
      return (
        open && inviteAudited(trx, ctx, { email, role: open.role, language: open.language }, 'staff.invitationResent')
      );
    });
    if (!noticeId) return show(ctx, { error: 'staleEdit' }, 409);
    await handNotice(services, noticeId);
    done(ctx, list, 'resent', secure);
  }

  async function revoke(ctx: Context) {
    const { email } = bodyOf(ctx, addressForm);
    const revoked = await db.transaction(async (trx) => {
      const open = await lockInvitation(trx, email);
      if (!open) return false;
      await withdrawInvitation(trx, email);
      const what = { action: 'staff.invitationRevoked', subjectType: 'staff', subject: open.noticeId } as const;
      await recordAudit(trx, { ...auditOf(ctx), ...what, before: { role: open.role } });
      return true;
    });
    if (!revoked) return show(ctx, { error: 'staleEdit' }, 409);
    done(ctx, list, 'revoked', secure);
  }

  /** The invitation, its mail and its audit line, whose subject is the mail: there is no member of staff yet. */
  async function inviteAudited(
    trx: Knex.Transaction,
    ctx: Context,
    invitation: Pick<Invitation, 'email' | 'role' | 'language'>,
    action: string,
  ): Promise<string | undefined> {
    const invitedBy = ctx.state.staff!.staffId;
    const subject = await inviteStaff(trx, keys, { ...invitation, invitedBy, mailDomain });
    const after = { role: invitation.role };
    if (subject) await recordAudit(trx, { ...auditOf(ctx), action, subjectType: 'staff', subject, after });
    return subject;
  }

  function showLimit(ctx: Context, form?: InvitationForm) {
    ctx.set('Retry-After', String(mailPause));
    return show(ctx, { form, error: 'tooManyAttempts', seconds: mailPause }, 429);
  }

  const admin = { kind: 'page', method: 'post', audience: 'staff-admin' } as const;
  return [
    { ...admin, path: `${list}/invitations`, body: invitationForm, handle: invite },
    { ...admin, path: `${list}/invitations/resend`, body: addressForm, handle: resend },
    { ...admin, path: `${list}/invitations/revoke`, body: addressForm, handle: revoke },
  ];
}
