import { z } from 'zod';
import { findPartner } from '../../../db/partners.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import {
  type Action,
  needsReason,
  type RegistrationDetailModel,
} from '../../pages/console/registration-detail-model.js';
import {
  type Acting,
  type ChangeResult,
  correctEmail,
  resendLink,
  revokeAllLinks,
  sendByStaff,
} from '../../registration-changes.js';
import { email as emailSchema, fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields } from './console-request.js';
import { eventOf, fixedByInviter, registrationOf, showRegistration } from './registration-page.js';
import { line } from './typed-text.js';

/** Code points of a reason. */
const longestReason = 300;
const reasonText = line(longestReason);

/** Closed: a field that an action has no use for, such as an address to resend to, is refused (security.md A16). */
const actionForm = z.strictObject({
  ...formFields,
  idempotencyKey: z.string().regex(/^[\w-]{1,64}$/, 'invalid'),
  reason: z.string().max(4_000, 'tooLong').optional(),
});
const emailForm = actionForm.extend({ email: z.string().max(1_000, 'tooLong') });
const partnerForm = actionForm.extend({ partnerId: z.string().max(100, 'invalidChoice') });
type Typed = z.output<typeof actionForm> & { email?: string; partnerId?: string };

type Failed = NonNullable<RegistrationDetailModel['failed']>;
type Judged = { values: { email?: string; partnerId?: string } } | { code: string; field: string };

/** What staff do to one registration. There is none that proves or submits in a person's stead (security.md A16). */
export function registrationActionRoutes(wiring: Wiring): Route[] {
  const { services, secure } = wiring;

  const act = (action: Action, body: typeof actionForm) => async (ctx: Context) => {
    const registration = await registrationOf(ctx, wiring);
    const typed: Typed = bodyOf(ctx, body);
    const reason = judgeReason(action, typed.reason);
    const judged = await judgeField(action, typed);
    const errors = {
      ...('code' in reason ? { reason: reason.code } : {}),
      ...('code' in judged ? { [judged.field]: judged.code } : {}),
    };
    const { formToken, idempotencyKey: key, ...again } = typed;
    if ('code' in reason || 'code' in judged)
      return showRegistration(ctx, wiring, { failed: { action, code: 'invalid', errors, typed: again } }, 400);
    const acting = { ...auditOf(ctx), reason: reason.text, key };
    const result = await carryOut(action, registration, judged.values, acting);
    const path = `/console/registrations/${registration.reference}`;
    if (result.kind === 'done')
      return done(
        ctx,
        path,
        action.replace(/-./, ([, letter]) => letter!.toUpperCase()),
        secure,
      );
    if (result.kind === 'pending') return done(ctx, path, 'pending', secure);
    const { status, ...failed } = failure(result);
    if (result.kind === 'limited') ctx.set('Retry-After', String(result.seconds));
    await showRegistration(ctx, wiring, { failed: { errors: {}, ...failed, action, typed: again } }, status);
  };

  type Values = { email?: string; partnerId?: string };
  async function carryOut(
    action: Action,
    registration: Awaited<ReturnType<typeof registrationOf>>,
    { email = '', partnerId = '' }: Values,
    acting: Acting,
  ): Promise<ChangeResult> {
    if (registration.kind === 'invited' && fixedByInviter.includes(action))
      return { kind: 'refused', state: registration.state };
    if (action === 'revoke-links') return revokeAllLinks(services, registration, acting);
    if (action === 'correct-email') return correctEmail(services, registration, email, acting);
    if (action === 'resend') return resendLink(services, registration, acting);
    const event = action === 'assign-partner' ? { type: eventOf[action], partnerId } : { type: eventOf[action] };
    return sendByStaff(services, registration, event, acting);
  }

  /** The one field that an action has besides its reason. */
  async function judgeField(action: Action, typed: Typed): Promise<Judged> {
    if (action === 'correct-email') {
      const email = emailSchema.safeParse(typed.email);
      return email.success
        ? { values: { email: email.data } }
        : { field: 'email', code: fieldErrors(email.error)[''] ?? 'invalidEmail' };
    }
    if (action !== 'assign-partner') return { values: {} };
    const id = z.uuid().safeParse(typed.partnerId);
    const partner = id.success ? await findPartner(services.db, id.data) : undefined;
    if (!partner) return { field: 'partnerId', code: 'invalidChoice' };
    return partner.disabled_at
      ? { field: 'partnerId', code: 'partnerDisabled' }
      : { values: { partnerId: partner.id } };
  }

  const operator = { kind: 'page', method: 'post', audience: 'staff-operator' } as const;
  const route = (action: Action, body: typeof actionForm = actionForm): Route => ({
    ...operator,
    path: `/console/registrations/:reference/${action}`,
    body,
    handle: act(action, body),
  });
  return [
    route('retry'),
    route('approve'),
    route('decline'),
    route('assign-partner', partnerForm),
    route('resend'),
    route('correct-email', emailForm),
    route('extend'),
    route('revoke-links'),
    route('cancel'),
  ];
}

function judgeReason(action: Action, typed = ''): { text: string } | { code: string } {
  const reason = reasonText.safeParse(typed);
  if (!reason.success) return { code: fieldErrors(reason.error)[''] ?? 'invalid' };
  return reason.data === '' && needsReason.has(action) ? { code: 'required' } : { text: reason.data };
}

/** What the page says of an action that was not carried out (`registrations.refused.<code>`). */
function failure(result: ChangeResult): Partial<Failed> & { code: string; status: number } {
  switch (result.kind) {
    case 'refused':
      return { code: 'changed', state: result.state, status: 409 };
    case 'correctedOnly':
      return { code: result.state ? 'correctedRefused' : 'correctedOnly', state: result.state, status: 409 };
    case 'limited':
      return { code: 'resendLimit', minutes: Math.ceil(result.seconds / 60), status: 429 };
    case 'invalid':
      return { code: 'invalid', errors: { [result.field]: result.code }, status: 400 };
    case 'gone':
      return { code: 'gone', status: 409 };
    default:
      return { code: 'unavailable', status: 503 };
  }
}
