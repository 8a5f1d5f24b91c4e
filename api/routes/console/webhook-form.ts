import { z } from 'zod';
import { checkEndpoint } from '../../../activities/providers/settings.js';
import { eventTypes, type WebhookEndpoint, type WebhookValues } from '../../../db/webhooks.js';
import type { FieldErrors } from '../../pages/models.js';
import { fieldErrors } from '../registrations/schema.js';
import { formFields } from './console-request.js';
import { line } from './typed-text.js';

/** One box an event, named by its place in the list: equal names are refused. */
const eventFields = eventTypes.map((_, index) => `event${index}`);

const typed = {
  ...formFields,
  name: z.string().max(1_000).optional(),
  url: z.string().max(5_000).optional(),
  ...Object.fromEntries(eventFields.map((field) => [field, z.string().optional()])),
};
export const newWebhookForm = z.strictObject({ ...typed, webhookId: z.uuid() });
export const webhookForm = z.strictObject({ ...typed, version: z.string().max(20) });

export type TypedWebhook = Partial<Record<string, string>>;

const values = z.object({
  name: line(100).pipe(z.string().min(1, 'required')),
  url: line(2_000).pipe(z.string().min(1, 'required')),
});

/** What staff typed, as it is stored, or code of the fault of each field (security.md F1 for the address). */
export function judgeWebhook(
  form: TypedWebhook,
  allowedOrigins: string[],
): { values: WebhookValues } | { errors: FieldErrors } {
  const parsed = values.safeParse({ name: form.name ?? '', url: form.url ?? '' });
  const errors: FieldErrors = parsed.success ? {} : fieldErrors(parsed.error);
  const fault = parsed.success && checkEndpoint(parsed.data.url, allowedOrigins);
  if (fault) errors.url = fault;
  const event_types = eventTypes.filter((_, index) => form[eventFields[index]!]);
  if (event_types.length === 0) errors.event0 = 'kindMissing';
  return parsed.success && Object.keys(errors).length === 0 ? { values: { ...parsed.data, event_types } } : { errors };
}

/** A form as it shows an endpoint. */
export const typedFrom = ({ name, url, event_types }: WebhookEndpoint): TypedWebhook => ({
  name,
  url,
  ...Object.fromEntries(eventTypes.map((type, index) => [`event${index}`, event_types.includes(type) ? 'on' : ''])),
});

/** A new one is told of everything, unless staff say otherwise. */
export const typedNew: TypedWebhook = Object.fromEntries(eventFields.map((field) => [field, 'on']));
