import type { ComponentChildren } from 'preact';
import type { FieldErrors, PageContext } from '../models.js';

interface Common {
  page: PageContext;
  name: string;
  label: string;
  hint?: string;
  errors?: FieldErrors;
  disabled?: boolean;
  /** `half`, `third`, `two-thirds`: width in a `form-grid`. */
  class?: string;
}

type InputProps = Common & {
  type?: 'text' | 'email' | 'url' | 'number' | 'date' | 'datetime-local' | 'password';
  value?: string | number;
  required?: boolean;
  min?: number;
  max?: number;
  placeholder?: string;
};

/** A field of a Console form; its label is given, its error's words are in the catalogue (`fieldErrors.<code>`). */
export function Input(props: InputProps) {
  const { name, type = 'text', value, required, min, max, placeholder, disabled } = props;
  return (
    <Frame {...props}>
      <input
        {...described(props)}
        // Preact's types tell a plain field from a combobox by this.
        list={undefined}
        type={type as 'text'}
        name={name}
        value={value ?? ''}
        required={required}
        min={min}
        max={max}
        placeholder={placeholder}
        disabled={disabled}
        autocomplete="off"
        spellcheck={false}
      />
    </Frame>
  );
}

export function TextArea(props: Common & { value?: string; rows?: number; required?: boolean }) {
  const { name, value, rows = 6, required, disabled } = props;
  return (
    <Frame {...props}>
      <textarea {...described(props)} name={name} rows={rows} required={required} disabled={disabled}>
        {value ?? ''}
      </textarea>
    </Frame>
  );
}

export function Select(props: Common & { value?: string; options: [value: string, label: string][] }) {
  const { name, value, options, disabled } = props;
  return (
    <Frame {...props}>
      <select {...described(props)} name={name} disabled={disabled}>
        {options.map(([option, label]) => (
          <option key={option} value={option} selected={option === (value ?? '')}>
            {label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

/** A box that is sent as "on" when ticked, and not at all otherwise. */
export function Check(props: Common & { checked?: boolean; value?: string }) {
  const { name, label, hint, errors, checked, value, disabled } = props;
  const id = value ? `${name}-${value}` : name;
  return (
    <div class={`field ${props.class ?? ''}`.trim()}>
      <label class="choice" for={id}>
        <input
          {...described({ ...props, id })}
          type="checkbox"
          name={name}
          value={value ?? 'on'}
          checked={checked}
          disabled={disabled}
        />
        <span>{label}</span>
      </label>
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <FieldError {...props} errors={errors} id={id} />
    </div>
  );
}

function described({ name, hint, errors, id = name }: Pick<Common, 'name' | 'hint' | 'errors'> & { id?: string }) {
  const ids = [hint && `${id}-hint`, errors?.[name] && `${id}-error`].filter(Boolean).join(' ');
  return {
    id,
    'aria-describedby': ids || undefined,
    'aria-invalid': errors?.[name] ? ('true' as const) : undefined,
  };
}

function Frame(props: Common & { children: ComponentChildren }) {
  const { name, label, hint, children } = props;
  return (
    <div class={`field ${props.class ?? ''}`.trim()}>
      <label for={name}>{label}</label>
      {hint && (
        <p class="field-hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {children}
      <FieldError {...props} id={name} />
    </div>
  );
}

function FieldError({ page, name, errors, id }: Common & { id: string }) {
  const code = errors?.[name];
  return code ? (
    <p class="field-error" id={`${id}-error`}>
      {page.t(`fieldErrors.${code}`)}
    </p>
  ) : null;
}
