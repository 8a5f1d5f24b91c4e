import { FormToken } from '../form-fields.js';
import type { PageContext } from '../models.js';
import { Input, Select } from './fields.js';
import type { RegistrationsModel } from './registrations-model.js';

type Props = { page: PageContext; model: RegistrationsModel };

/** Closed unless something is filtered: on a phone it would hide the list. */
export function FilterForm({ page, model }: Props) {
  const { t } = page;
  const { typed, errors, states } = model;
  const field = (name: keyof typeof typed) => ({ page, name, errors, value: typed[name] });
  const any: [string, string] = ['', t('registrations.filter.any')];
  return (
    <details class="card filter" open={Object.keys(typed).some((name) => name !== 'state')}>
      <summary>{t('registrations.filter.title')}</summary>
      <form method="get" action="/console/registrations">
        <div class="form-grid top">
          <Select
            {...field('kind')}
            class="third"
            label={t('registrations.filter.kind')}
            options={[
              any,
              ['customer', t('registrations.kinds.customer')],
              ['partner', t('registrations.kinds.partner')],
              ['invited', t('registrations.kinds.invited')],
            ]}
          />
          <Select
            {...field('state')}
            class="third"
            label={t('registrations.filter.state')}
            options={[
              any,
              ...['open', 'attention', 'ended'].map((group): [string, string] => [
                group,
                t(`registrations.counts.${group}`),
              ]),
              ...states.map((state): [string, string] => [state, t(`states.${state}`)]),
            ]}
          />
          <Input {...field('stuck')} class="third" type="number" min={0} label={t('registrations.filter.stuck')} />
          <Input {...field('email')} class="third" label={t('registrations.filter.email')} />
          <Input {...field('company')} class="third" label={t('registrations.filter.company')} />
          <Input
            {...field('reference')}
            class="third"
            label={t('registrations.filter.reference')}
            placeholder="RG-7K3F-2M9T"
          />
        </div>
        <div class="button-row">
          <button type="submit">{t('registrations.filter.apply')}</button>
          <a class="button outline" href="/console/registrations">
            {t('registrations.filter.reset')}
          </a>
        </div>
      </form>
    </details>
  );
}

/** Retries what is ticked above, or all that match the filter, whatever page they stand on. */
export function RetryForm({ page, model }: Props) {
  const { t } = page;
  const { typed, retryable, batchId, errors, reason } = model;
  if (retryable === 0) return null;
  return (
    <section class="card" aria-labelledby="retry-title">
      <h2 id="retry-title">{t('registrations.retry.title')}</h2>
      <p class="muted">{t('registrations.retry.lead')}</p>
      <form id="retry" method="post" action="/console/batches">
        <FormToken page={page} />
        <input type="hidden" name="batchId" value={batchId} />
        {Object.entries(typed).map(([name, value]) => (
          <input key={name} type="hidden" name={name} value={value} />
        ))}
        <Input
          page={page}
          name="reason"
          errors={errors}
          value={reason}
          label={t('registrations.retry.reason')}
          hint={t('registrations.retry.reasonHint')}
        />
        <div class="button-row">
          <button type="submit" name="scope" value="selected" class="outline">
            {t('registrations.retry.selected')}
          </button>
          <button type="submit" name="scope" value="all">
            {t('registrations.retry.all', { count: retryable })}
          </button>
        </div>
      </form>
    </section>
  );
}
