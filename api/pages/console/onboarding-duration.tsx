import { numberFormat } from '../../formats.js';
import type { FieldErrors, PageContext } from '../models.js';

const units = ['minutes', 'hours', 'days'];

type Form = Partial<Record<string, string>>;

interface Props {
  page: PageContext;
  name: string;
  form: Form;
  errors: FieldErrors;
  class?: string;
}

/** A number with its unit; sent as `<name>` and `<name>Unit`. Text, for a comma must do as well as a point. */
export function DurationField(props: Props) {
  const { page, name, form, errors } = props;
  const { t } = page;
  const label = t(`onboarding.fields.${name}`);
  const unit = form[`${name}Unit`] ?? 'hours';
  const fault = errors[name];
  return (
    <div class={`field ${props.class ?? ''}`.trim()}>
      <label for={name}>{label}</label>
      <p class="field-hint" id={`${name}-hint`}>
        {t(`onboarding.hints.${name}`)}
      </p>
      <div class="duration">
        <input
          id={name}
          type="text"
          list={undefined}
          inputMode="decimal"
          name={name}
          value={form[name] ?? ''}
          autocomplete="off"
          aria-describedby={fault ? `${name}-hint ${name}-error` : `${name}-hint`}
          aria-invalid={fault ? 'true' : undefined}
        />
        <select name={`${name}Unit`} aria-label={t('onboarding.unitOf', { field: label })}>
          {units.map((option) => (
            <option key={option} value={option} selected={option === unit}>
              {t(`onboarding.units.${option}`)}
            </option>
          ))}
        </select>
      </div>
      {fault && (
        <p class="field-error" id={`${name}-error`}>
          {t(`fieldErrors.${fault}`)}
        </p>
      )}
    </div>
  );
}

/** "24 hours" */
export const durationText = ({ t, language }: PageContext, form: Form, name: string): string => {
  const amount = Number(form[name]);
  const number = numberFormat(language, { maximumFractionDigits: 4 }).format(amount);
  return t(`onboarding.amounts.${form[`${name}Unit`]}`, { count: amount, number });
};
