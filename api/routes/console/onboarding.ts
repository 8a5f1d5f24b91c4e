import { recordAudit } from '../../../db/audit.js';
import type { Settings } from '../../../db/models.js';
import { loadSettings } from '../../../db/registrations.js';
import { countOpen, type SettingsChoice, saveSettings } from '../../../db/settings.js';
import { listUserTypes } from '../../../db/user-types.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { OnboardingPage } from '../../pages/console/onboarding-page.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done } from './console-request.js';
import { differences } from './differences.js';
import { formOf, type OnboardingForm, onboardingForm, parseForm, typeErrors } from './onboarding-form.js';
import { takeDone } from './take-done.js';
import { versionOf } from './typed-text.js';

const path = '/console/onboarding';

interface Shown {
  form?: OnboardingForm;
  errors?: FieldErrors;
  error?: string;
}

/** User Onboarding: who may register, what new accounts get, how long everything lasts. */
export function onboardingRoutes({ services: { db }, secure }: Wiring): Route[] {
  async function show(ctx: Context, shown: Shown = {}, status = 200) {
    const [settings, userTypes, open] = await Promise.all([loadSettings(db), listUserTypes(db), countOpen(db)]);
    const { form = formOf(settings), errors = {}, error } = shown;
    const isOn = { customer: settings.customer_onboarding, partner: settings.partner_onboarding !== 'off' };
    const done = status === 200 ? takeDone(ctx, secure) : undefined;
    showPage(ctx, OnboardingPage, { form, errors, error, done, userTypes, open, isOn }, status);
  }

  async function save(ctx: Context) {
    const { formToken, ...form } = bodyOf(ctx, onboardingForm);
    const { choice, errors } = parseForm(form);
    if (!choice) return show(ctx, { form, errors, error: 'invalidFields' }, 400);
    const outcome = await db.transaction((trx) => saveAudited(trx, ctx, versionOf(form.version), choice));
    if (outcome.kind === 'stale') return show(ctx, { error: 'staleEdit' }, 409);
    if (outcome.kind === 'refused')
      return show(ctx, { form, errors: typeErrors(outcome.faults), error: 'invalidFields' }, 400);
    done(ctx, path, 'saved', secure);
  }

  async function saveAudited(
    trx: Parameters<typeof saveSettings>[0],
    ctx: Context,
    version: number,
    choice: SettingsChoice,
  ) {
    const outcome = await saveSettings(trx, version, choice);
    if (outcome.kind !== 'saved') return outcome;
    const names = new Map((await listUserTypes(trx)).map(({ id, name }) => [id, name]));
    const changed = differences(told(outcome.before, names), told(outcome.after, names));
    if (changed)
      await recordAudit(trx, {
        ...auditOf(ctx),
        action: 'settings.changed',
        subjectType: 'settings',
        subject: 'onboarding',
        ...changed,
      });
    return outcome;
  }

  const page = { kind: 'page' } as const;
  return [
    { ...page, method: 'get', path, audience: 'staff-viewer', handle: (ctx) => show(ctx) },
    { ...page, method: 'post', path, audience: 'staff-admin', body: onboardingForm, handle: save },
  ];
}

/** The settings as the audit log tells them: user types by name, for an id says nothing to whoever reads it later. */
function told(settings: Settings, names: Map<string, string>): Record<string, unknown> {
  const { id, version, default_customer_user_type_id, default_partner_user_type_id, ...plain } = settings.toJSON();
  const nameOf = (type: string | null | undefined) => (type ? (names.get(type) ?? type) : null);
  return {
    ...plain,
    default_customer_user_type: nameOf(default_customer_user_type_id),
    default_partner_user_type: nameOf(default_partner_user_type_id),
  };
}
