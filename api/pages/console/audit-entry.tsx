import type { AuditLine } from '../../../db/audit-log.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';

/** Tells a double click from a second wish; says nothing to people. */
const formKey = 'key';

interface PartProps {
  page: PageContext;
  line: AuditLine;
}

/** One line of the audit log in words: who did what to what, when, from where, why, and what differs now. */
export function AuditEntry({ page, line }: PartProps) {
  const { t } = page;
  const { at, actor, action, subject, source, reason } = line;
  return (
    <li class="card audit-entry">
      <h2>
        {actor} {wordsOr(t, `audit.actions.${action}`, action)}
        <Subject page={page} line={line} />
      </h2>
      <p class="muted">
        <LocalTime page={page} at={at.toISOString()} />
        {source && <> · {t('audit.from', { source })}</>}
        {' · '}
        <a href={`/console/audit?subject=${encodeURIComponent(subject)}`}>
          {t('audit.sameSubject')}
          <span class="visually-hidden">: {line.subjectName ?? subject}</span>
        </a>
      </p>
      {reason && (
        <p>
          {t('audit.reason')}: <q>{reason}</q>
        </p>
      )}
      <Differences page={page} line={line} />
    </li>
  );
}

function Subject({ page: { t }, line }: PartProps) {
  const { subjectType, subject, subjectName, after, before } = line;
  if (subjectType === 'settings') return null;
  if (subjectType === 'registration')
    return (
      <>
        {': '}
        <a href={`/console/registrations/${encodeURIComponent(subject)}`}>{subject}</a>
      </>
    );
  const told = after ?? before ?? {};
  const document = subjectType === 'agreement' && typeof told.document === 'string' ? told.document : undefined;
  const number = document && told.version ? `, ${t('agreements.version', { version: told.version })}` : '';
  // What was deleted is called what it was called then.
  const lastName = typeof told.name === 'string' ? told.name : undefined;
  const name = document ? `${wordsOr(t, `agreements.${document}`, document)}${number}` : (subjectName ?? lastName);
  return name ? <>: {name}</> : null;
}

function Differences({ page, line: { before, after } }: PartProps) {
  const { t } = page;
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
    (name) => name !== formKey,
  );
  if (names.length === 0) return null;
  return (
    <table class="differences">
      <caption class="visually-hidden">{t('audit.differences')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('audit.field')}</th>
          {before && <th scope="col">{t(after ? 'audit.before' : 'audit.value')}</th>}
          {after && <th scope="col">{t(before ? 'audit.after' : 'audit.value')}</th>}
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}>
            <th scope="row">{wordsOr(t, `audit.fields.${name}`, name.replaceAll('_', ' '))}</th>
            {before && <td>{valueText(t, before[name])}</td>}
            {after && <td>{valueText(t, after[name])}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function valueText(t: PageContext['t'], value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return t(value ? 'audit.yes' : 'audit.no');
  if (Array.isArray(value)) return value.length > 0 ? value.map((item) => valueText(t, item)).join(', ') : '–';
  if (typeof value === 'object') return JSON.stringify(value);
  return typeof value === 'string' ? wordsOr(t, `audit.values.${value}`, value) : String(value);
}

/** The words of a key; what the catalogue does not know is shown as it is rather than hidden. */
function wordsOr(t: PageContext['t'], key: string, plain: string): string {
  if (!/^[\w.]+$/.test(key)) return plain;
  const words: unknown = t(key);
  return typeof words === 'string' && words !== key && !words.startsWith('key ') ? words : plain;
}
