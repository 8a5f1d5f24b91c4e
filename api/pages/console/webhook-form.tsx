import type { ComponentChildren } from 'preact';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { FieldErrors, PageContext } from '../models.js';
import { Check, Input } from './fields.js';
import type { ShownWebhookModel } from './webhook-models.js';

interface Props {
  page: PageContext;
  action: string;
  eventTypes: string[];
  form: Partial<Record<string, string>>;
  errors: FieldErrors;
  submit: string;
  /** Hidden fields. */
  children: ComponentChildren;
}

/** Where to, and what of; the same for a new endpoint and for one that is there. */
export function WebhookForm({ page, action, eventTypes, form, errors, submit, children }: Props) {
  const { t } = page;
  return (
    <form method="post" action={action}>
      <FormToken page={page} />
      {children}
      <Input
        page={page}
        name="name"
        label={t('webhooks.fields.name')}
        hint={t('webhooks.hints.name')}
        value={form.name}
        required
        errors={errors}
      />
      <Input
        page={page}
        name="url"
        type="url"
        label={t('webhooks.fields.url')}
        hint={t('webhooks.hints.url')}
        value={form.url}
        required
        errors={errors}
      />
      <fieldset>
        <legend>{t('webhooks.fields.events')}</legend>
        <div class="event-choice">
          {eventTypes.map((type, index) => (
            <Check
              key={type}
              page={page}
              name={`event${index}`}
              label={eventWords(page, type)}
              hint={type}
              checked={!!form[`event${index}`]}
              errors={errors}
            />
          ))}
        </div>
      </fieldset>
      <div class="actions">
        <button type="submit">{submit}</button>
      </div>
    </form>
  );
}

/** "user.changed" in words. */
export const eventWords = ({ t }: PageContext, type: string): string => t(`webhooks.events.${type.replace('.', '_')}`);

/** Label of a field of the form, for the links to its faults. */
export const fieldLabel =
  ({ t }: PageContext) =>
  (name: string): string =>
    t(`webhooks.fields.${name.startsWith('event') ? 'events' : name}`);

/** Whether it is told of events now, and if not, since when and why. */
export function WebhookState({ page, webhook }: { page: PageContext; webhook: ShownWebhookModel }) {
  const { t } = page;
  const { disabledAt, disabledReason, failingSince } = webhook;
  const state = disabledAt ? 'disabled' : failingSince ? 'failing' : 'enabled';
  const since = disabledAt ?? failingSince;
  return (
    <>
      <span class={state === 'enabled' ? 'tag tag-current' : 'tag tag-attention'}>{t(`webhooks.states.${state}`)}</span>
      {since && (
        <>
          {t('webhooks.since')} <LocalTime page={page} at={since} />
        </>
      )}
      {disabledReason && <> · {t(`webhooks.disabledReasons.${disabledReason}`)}</>}
    </>
  );
}
