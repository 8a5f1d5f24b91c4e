import type { FieldErrors, PageContext } from '../models.js';

interface Props {
  page: PageContext;
  errors: FieldErrors;
  /** Label of a field. */
  label(name: string): string;
}

/** Every fault of a long form on top, each a link to its field; continues the notice that something is wrong. */
export function ErrorLinks({ page, errors, label }: Props) {
  const faults = Object.entries(errors);
  return faults.length > 0 ? (
    <ul class="notice notice-error error-links">
      {faults.map(([name, code]) => (
        <li key={name}>
          <a href={`#${name}`}>{`${label(name)}: ${page.t(`fieldErrors.${code}`)}`}</a>
        </li>
      ))}
    </ul>
  ) : null;
}
