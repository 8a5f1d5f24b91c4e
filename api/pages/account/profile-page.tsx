import type { TimeZoneGroup } from '../../time-zones.js';
import { controlAttributes, ErrorSummary, Field, type FieldProps, FormToken, TextField } from '../form-fields.js';
import type { FieldErrors, PageContext } from '../models.js';
import { AccountFrame } from './frame.js';

/** As it is stored, or as it was typed when something was wrong with it. */
export interface ProfileForm {
  givenName?: string;
  familyName?: string;
  phone?: string;
  language?: string;
  timeZone?: string;
}

export interface ProfileModel {
  form: ProfileForm;
  /** What the form was made from, for the lock (security.md C19). */
  version: number;
  errors: FieldErrors;
  /** It was changed elsewhere meanwhile; the newest is shown. */
  stale?: boolean;
  done?: string;
  languages: [code: string, name: string][];
  timeZones: TimeZoneGroup[];
}

export function ProfilePage({ page, model }: { page: PageContext; model: ProfileModel }) {
  const { t } = page;
  const { form, version, errors, stale, done } = model;
  const field = { page, errors };
  return (
    <AccountFrame
      page={page}
      area="profile"
      title={t('profile.title')}
      lead={t('profile.lead')}
      done={done}
      error={stale ? 'profileStale' : undefined}
      scripts={['form-check']}
    >
      <ErrorSummary page={page} errors={errors} />
      <form class="card marked reading-width" method="post" action="/account/profile" data-check>
        <FormToken page={page} />
        <input type="hidden" name="version" value={version} />
        <p class="required-note">{t('common.requiredNote')}</p>
        <div class="form-grid">
          <TextField {...field} name="givenName" value={form.givenName} autocomplete="given-name" class="half" />
          <TextField {...field} name="familyName" value={form.familyName} autocomplete="family-name" class="half" />
          <TextField
            {...field}
            name="phone"
            type="tel"
            inputMode="tel"
            value={form.phone}
            autocomplete="tel"
            optional
            hint={t('registration.phoneHint')}
          />
          <LanguageField {...field} name="language" hint={t('profile.languageHint')} model={model} />
          <TimeZoneField {...field} name="timeZone" hint={t('profile.timeZoneHint')} model={model} />
        </div>
        <div class="actions">
          <button type="submit">{t('profile.submit')}</button>
        </div>
      </form>
    </AccountFrame>
  );
}

type ChoiceProps = FieldProps & { model: ProfileModel };

function LanguageField({ model, ...props }: ChoiceProps) {
  return (
    <Field {...props}>
      <select {...controlAttributes(props)} name={props.name} autocomplete="language">
        {model.languages.map(([code, name]) => (
          <option key={code} value={code} lang={code} selected={code === model.form.language}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

function TimeZoneField({ model, ...props }: ChoiceProps) {
  const { t } = props.page;
  const options = (zones: TimeZoneGroup['zones']) =>
    zones.map(([name, label]) => (
      <option key={name} value={name} selected={name === model.form.timeZone}>
        {label}
      </option>
    ));
  return (
    <Field {...props}>
      <select {...controlAttributes(props)} name={props.name} autocomplete="off">
        {model.timeZones.map(({ region, zones }) =>
          region ? (
            <optgroup key={region} label={t(`profile.regions.${region}`, { defaultValue: region })}>
              {options(zones)}
            </optgroup>
          ) : (
            options(zones)
          ),
        )}
      </select>
    </Field>
  );
}
