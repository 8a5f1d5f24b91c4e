import { z } from 'zod';
import type { Settings } from '../../../db/models.js';
import type { DefaultTypeFault, SettingsChoice } from '../../../db/settings.js';
import type { FieldErrors } from '../../pages/models.js';
import { formFields } from './console-request.js';

/** Seconds of each unit a duration can be given in; the largest that fits is shown. */
export const units = { days: 86_400, hours: 3_600, minutes: 60 } as const;
type Unit = keyof typeof units;

/** Durations of the form, with their column and the fewest seconds. */
export const durations = {
  linkLifetime: { column: 'link_lifetime_seconds', least: 1 },
  registrationLifetime: { column: 'registration_lifetime_seconds', least: 2 },
  reminder: { column: 'reminder_after_seconds', least: 1 },
  invitationLifetime: { column: 'invitation_lifetime_seconds', least: 2 },
  resendCooldown: { column: 'resend_cooldown_seconds', least: 0 },
  mailRetry: { column: 'mail_retry_seconds', least: 1 },
  lookupRetry: { column: 'lookup_retry_seconds', least: 1 },
  creationRetry: { column: 'creation_retry_seconds', least: 1 },
  operatorDeadline: { column: 'operator_seconds', least: 1 },
} as const;
export type Duration = keyof typeof durations;
const durationNames = Object.keys(durations) as Duration[];

/** A year; nothing here is meant to outlast it, and the columns hold no more than 68. */
const longest = 365 * units.days;
/** Of a password; the table refuses less than 8, and nobody types more (security.md D11). */
const passwordBounds = { least: 8, most: 128 };

const typed = z.string().max(100).optional();
export const onboardingForm = z.strictObject({
  ...formFields,
  version: z.string().max(20),
  customerOnboarding: z.enum(['on', 'off']),
  partnerOnboarding: z.enum(['off', 'with_code', 'without_code']),
  customerUserType: z.union([z.uuid(), z.literal('')]),
  partnerUserType: z.union([z.uuid(), z.literal('')]),
  customerApproval: z.literal('on').optional(),
  partnerApproval: z.literal('on').optional(),
  administratorsSecondFactor: z.literal('on').optional(),
  staffSecondFactor: z.literal('on').optional(),
  reminderOn: z.literal('on').optional(),
  passwordMinimum: typed,
  ...(Object.fromEntries(durationNames.map((name) => [name, typed])) as Record<Duration, typeof typed>),
  ...(Object.fromEntries(
    durationNames.map((name) => [`${name}Unit`, z.enum(Object.keys(units) as [Unit]).optional()]),
  ) as Record<`${Duration}Unit`, z.ZodOptional<z.ZodEnum<{ [unit in Unit]: unit }>>>),
});
export type OnboardingForm = Partial<Record<string, string>>;

/** The settings as their form shows them. */
export function formOf(settings: Settings): OnboardingForm {
  const form: OnboardingForm = {
    version: String(settings.version),
    customerOnboarding: settings.customer_onboarding ? 'on' : 'off',
    partnerOnboarding: settings.partner_onboarding,
    customerUserType: settings.default_customer_user_type_id ?? '',
    partnerUserType: settings.default_partner_user_type_id ?? '',
    customerApproval: settings.customer_approval ? 'on' : undefined,
    partnerApproval: settings.partner_approval ? 'on' : undefined,
    administratorsSecondFactor: settings.administrators_second_factor ? 'on' : undefined,
    staffSecondFactor: settings.staff_second_factor ? 'on' : undefined,
    reminderOn: settings.reminder_after_seconds === null ? undefined : 'on',
    passwordMinimum: String(settings.password_minimum),
  };
  for (const name of durationNames) {
    const seconds = settings[durations[name].column];
    if (seconds === null) continue;
    const { amount, unit } = inUnits(seconds);
    form[name] = String(amount);
    form[`${name}Unit`] = unit;
  }
  return form;
}

/** In the largest unit that leaves a whole number; what is no whole minute is a part of one. */
export function inUnits(seconds: number): { amount: number; unit: Unit } {
  const names = Object.keys(units) as Unit[];
  const unit = names.find((name) => seconds >= units[name] && seconds % units[name] === 0) ?? 'minutes';
  return { amount: Math.round((seconds / units[unit]) * 10_000) / 10_000, unit };
}

/** The choice that a form makes, or what is wrong with it, field by field, so that the table's checks never have to say it. */
export function parseForm(form: z.output<typeof onboardingForm>): { choice?: SettingsChoice; errors: FieldErrors } {
  const errors: FieldErrors = {};
  const seconds = {} as Record<Duration, number>;
  for (const name of durationNames) {
    if (name === 'reminder' && !form.reminderOn) continue;
    const parsed = secondsOf(form[name], form[`${name}Unit`], durations[name].least);
    if (typeof parsed === 'number') seconds[name] = parsed;
    else errors[name] = parsed;
  }
  const passwordMinimum = /^\d{1,3}$/.test(form.passwordMinimum?.trim() ?? '') ? Number(form.passwordMinimum) : 0;
  if (passwordMinimum < passwordBounds.least || passwordMinimum > passwordBounds.most)
    errors.passwordMinimum = 'passwordMinimumRange';
  for (const [name, fault] of Object.entries(crossFaults(seconds))) errors[name] ??= fault;
  if (Object.keys(errors).length > 0) return { errors };
  return { errors, choice: choiceOf(form, seconds, passwordMinimum) };
}

/** A number with a comma or a point, in seconds, or the code of what is wrong with it. */
function secondsOf(text = '', unit: Unit = 'minutes', least: number): number | string {
  if (!/^\d{1,7}([.,]\d{1,4})?$/.test(text.trim())) return 'durationInvalid';
  const seconds = Math.round(Number(text.trim().replace(',', '.')) * units[unit]);
  if (seconds < least) return 'durationTooShort';
  return seconds > longest ? 'durationTooLong' : seconds;
}

/** Durations that make no sense together. A comparison with one that is missing or wrong is false. */
function crossFaults(seconds: Partial<Record<Duration, number>>): FieldErrors {
  const { registrationLifetime = Infinity, linkLifetime = Infinity, operatorDeadline = Infinity } = seconds;
  const { reminder = 0, resendCooldown = 0 } = seconds;
  const retries = (['mailRetry', 'lookupRetry', 'creationRetry'] as const).filter(
    (name) => (seconds[name] ?? 0) >= operatorDeadline,
  );
  return {
    ...(reminder >= registrationLifetime ? { reminder: 'reminderTooLate' } : {}),
    ...(seconds.linkLifetime && linkLifetime > registrationLifetime
      ? { linkLifetime: 'linkOutlivesRegistration' }
      : {}),
    ...(resendCooldown >= linkLifetime ? { resendCooldown: 'cooldownTooLong' } : {}),
    ...Object.fromEntries(retries.map((name) => [name, 'retryTooLong'])),
  };
}

function choiceOf(
  form: z.output<typeof onboardingForm>,
  seconds: Record<Duration, number>,
  passwordMinimum: number,
): SettingsChoice {
  return {
    customer_onboarding: form.customerOnboarding === 'on',
    partner_onboarding: form.partnerOnboarding,
    default_customer_user_type_id: form.customerUserType || null,
    default_partner_user_type_id: form.partnerUserType || null,
    customer_approval: form.customerApproval === 'on',
    partner_approval: form.partnerApproval === 'on',
    administrators_second_factor: form.administratorsSecondFactor === 'on',
    staff_second_factor: form.staffSecondFactor === 'on',
    link_lifetime_seconds: seconds.linkLifetime,
    registration_lifetime_seconds: seconds.registrationLifetime,
    reminder_after_seconds: form.reminderOn ? seconds.reminder : null,
    invitation_lifetime_seconds: seconds.invitationLifetime,
    resend_cooldown_seconds: seconds.resendCooldown,
    mail_retry_seconds: seconds.mailRetry,
    lookup_retry_seconds: seconds.lookupRetry,
    creation_retry_seconds: seconds.creationRetry,
    operator_seconds: seconds.operatorDeadline,
    password_minimum: passwordMinimum,
  };
}

/** The faults of default user types, by the fields they stand in. */
export const typeErrors = (faults: Partial<Record<'customer' | 'partner', DefaultTypeFault>>): FieldErrors =>
  Object.fromEntries(Object.entries(faults).map(([kind, fault]) => [`${kind}UserType`, fault]));
