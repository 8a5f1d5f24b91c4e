import type { ComponentChildren } from 'preact';
import type { FieldErrors, PageContext } from './models.js';

export interface FieldProps {
  page: PageContext;
  /** Name of the form field, its id, and its label's key under `fields`. */
  name: string;
  errors?: FieldErrors;
  hint?: string;
  optional?: boolean;
  /** Variables that the words of an error want, such as the minimum of a password. */
  errorVariables?: Record<string, unknown>;
  /** Width and place in the grid of its section. */
  class?: string;
}

type InputProps = FieldProps & {
  value?: string;
  type?: 'text' | 'email' | 'tel';
  autocomplete?: string;
  inputMode?: 'email' | 'tel';
  /** Part of the draft that is saved while typing. */
  answer?: boolean;
};

export const FormToken = ({ page }: { page: PageContext }) => (
  <input type="hidden" name="formToken" value={page.formToken} />
);

export function TextField(props: InputProps) {
  const { name, value, type = 'text', autocomplete, inputMode, answer } = props;
  return (
    <Field {...props}>
      <input
        {...controlAttributes(props)}
        type={type}
        // Preact's types tell a plain field from a combobox by this.
        list={undefined}
        name={name}
        value={value ?? ''}
        autocomplete={autocomplete}
        inputMode={inputMode}
        autocapitalize={type === 'email' ? 'none' : undefined}
        spellcheck={false}
        data-answer={answer ? '' : undefined}
      />
    </Field>
  );
}

export function SelectField(
  props: FieldProps & { value?: string; autocomplete?: string; choose: string; options: [string, string][] },
) {
  const { name, value, autocomplete, choose, options } = props;
  return (
    <Field {...props}>
      <select {...controlAttributes(props)} name={name} autocomplete={autocomplete} data-answer="">
        <option value="" selected={!value}>
          {choose}
        </option>
        {options.map(([code, label]) => (
          <option key={code} value={code} selected={code === value}>
            {label}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** The value is never shown again: a password that was sent is not sent back. */
export function PasswordField(
  props: FieldProps & { autocomplete: 'new-password' | 'current-password'; minimum?: number },
) {
  const { page, name, autocomplete, minimum } = props;
  const { t } = page;
  const progress = minimum && t('registration.passwordProgress', { length: '{length}', minimum });
  return (
    <Field {...props}>
      <div class="password-box">
        <input
          {...controlAttributes(props)}
          type="password"
          name={name}
          autocomplete={autocomplete}
          minLength={minimum}
          spellcheck={false}
          autocapitalize="none"
          data-words-short={minimum && t('fieldErrors.passwordTooShort', { minimum })}
        />
        <button
          type="button"
          class="reveal"
          hidden
          data-reveal={name}
          data-show={t('common.showPassword')}
          data-show-label={t('common.showPasswordLabel')}
          data-hide={t('common.hidePassword')}
          data-hide-label={t('common.hidePasswordLabel')}
        >
          {t('common.showPassword')}
        </button>
      </div>
      {minimum && (
        <div class="strength" hidden data-strength={name} data-minimum={minimum}>
          <progress max={minimum} value={0} aria-hidden="true" />
          <span role="status" data-progress={progress} data-enough={t('registration.passwordLongEnough')} />
        </div>
      )}
    </Field>
  );
}

/** Tells a password manager whose password this is, where the page does not ask. Has no name, so that it is not sent. */
export const UserName = ({ email }: { email: string }) => (
  <input type="text" autocomplete="username" value={email} readOnly hidden />
);

/** What every control shares; the error's words stand in the page even while hidden, for the browser's own check. */
export function controlAttributes({ page, name, errors, hint, optional }: FieldProps) {
  const described = [hint && `${name}-hint`, `${name}-error`].filter(Boolean).join(' ');
  return {
    id: name,
    required: !optional,
    'aria-invalid': errors?.[name] ? ('true' as const) : undefined,
    'aria-describedby': described,
    'data-words-missing': optional ? undefined : page.t('fieldErrors.required'),
    'data-words-invalid': page.t(/email$/i.test(name) ? 'fieldErrors.invalidEmail' : 'fieldErrors.required'),
  };
}

export function FieldError({ page, name, errors, errorVariables }: FieldProps) {
  const code = errors?.[name];
  return (
    <p class="field-error" id={`${name}-error`} hidden={!code}>
      {code && page.t(`fieldErrors.${code}`, errorVariables)}
    </p>
  );
}

export function Field(props: FieldProps & { children: ComponentChildren }) {
  const { page, name, hint, optional, children } = props;
  return (
    <div class={`field ${props.class ?? ''}`.trim()}>
      <label for={name}>
        {page.t(`fields.${name}`)}
        {optional ? <span class="optional"> ({page.t('common.optional')})</span> : <RequiredMark />}
      </label>
      {hint && (
        <p class="field-hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {children}
      <FieldError {...props} />
    </div>
  );
}

/** For the eyes only: the control itself says that it is required. */
export const RequiredMark = () => (
  <span class="required-mark" aria-hidden="true">
    {'\u00a0*'}
  </span>
);

/** All errors on top, each linked to its field; takes the focus so that it is read first. */
export function ErrorSummary({ page, errors, errorVariables }: Pick<FieldProps, 'page' | 'errors' | 'errorVariables'>) {
  const entries = Object.entries(errors ?? {});
  if (entries.length === 0) return null;
  return (
    <div class="notice notice-error" role="alert" id="error-summary" tabIndex={-1} autofocus>
      <h2>{page.t('common.errorSummary')}</h2>
      <ul>
        {entries.map(([name, code]) => (
          <li key={name}>
            <a href={`#${name}`}>{`${page.t(`fields.${name}`)}: ${page.t(`fieldErrors.${code}`, errorVariables)}`}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}
