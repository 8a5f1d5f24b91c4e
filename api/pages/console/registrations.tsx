import { dateFormat, numberFormat } from '../../formats.js';
import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { ConsoleFrame, may } from './frame.js';
import { FilterForm, RetryForm } from './registrations-forms.js';
import { listAddress, type RegistrationRow, type RegistrationsModel } from './registrations-model.js';
import { Waiting } from './registrations-waiting.js';

/** The list of registrations, with counts on top; the form that retries several stands below it. */
export function RegistrationsPage({ page, model }: { page: PageContext; model: RegistrationsModel }) {
  const { t } = page;
  const { typed, problem, done } = model;
  return (
    <ConsoleFrame
      page={page}
      area="registrations"
      title={t('registrations.title')}
      lead={t('registrations.lead')}
      done={problem ? undefined : done}
      error={Object.keys(model.errors).length > 0 ? 'invalidFields' : undefined}
      scripts={['live']}
    >
      {problem && (
        <Notice kind="error">
          <p>{t(`registrations.retry.${problem}`)}</p>
        </Notice>
      )}
      <Counts page={page} model={model} />
      <FilterForm page={page} model={model} />
      <List page={page} model={model} />
      <nav class="list-pager" aria-label={t('registrations.list.paging')}>
        {model.newer && <a href={listAddress({ ...typed, newer: model.newer })}>{t('registrations.list.newer')}</a>}
        {model.older && <a href={listAddress({ ...typed, older: model.older })}>{t('registrations.list.older')}</a>}
      </nav>
      {may(page, 'operator') && <RetryForm page={page} model={model} />}
      <p>
        <a href="/console/batches">{t('registrations.list.batches')}</a>
      </p>
    </ConsoleFrame>
  );
}

/** Each leads to the list of what it counts, and of nothing else: other parts of the filter are dropped. */
function Counts({ page, model }: { page: PageContext; model: RegistrationsModel }) {
  const { counts, typed } = model;
  const { t } = page;
  const others = Object.entries(typed).some(([name, value]) => name !== 'state' && value);
  const shown = (state: string) => (!others && (typed.state ?? '') === state ? 'page' : undefined);
  const number = numberFormat(page.language);
  return (
    <nav class="counts" id="counts" aria-label={t('registrations.counts.label')} data-live>
      <ul>
        {counts.map(({ state, count }) => (
          <li key={state} class={state === 'attention' && count > 0 ? 'alarming' : undefined}>
            <a href={listAddress({ state })} aria-current={shown(state)}>
              {countName(page, state)} <strong>{number.format(count)}</strong>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Of all, of a group of states, or of one. */
const countName = ({ t }: PageContext, state: string): string =>
  ['', 'open', 'attention', 'ended'].includes(state)
    ? t(`registrations.counts.${state || 'all'}`)
    : t(`states.${state}`);

function List({ page, model }: { page: PageContext; model: RegistrationsModel }) {
  const { t } = page;
  const { rows, now, retryStates } = model;
  if (rows.length === 0) return <p class="card">{t('registrations.list.none')}</p>;
  const canRetry = may(page, 'operator');
  return (
    <div class="card table-card">
      <table class="listing" aria-label={t('registrations.list.label')}>
        <thead>
          <tr>
            {canRetry && (
              <td class="pick">
                <span class="visually-hidden">{t('registrations.list.select')}</span>
              </td>
            )}
            <th scope="col">{t('registrations.list.registration')}</th>
            <th scope="col">{t('registrations.list.state')}</th>
            <th scope="col" class="wide-only">
              {t('registrations.list.kind')}
            </th>
            <th scope="col" class="wide-only">
              {t('registrations.list.started')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={row.reference}>
              {canRetry && (
                <td class="pick">{retryStates.includes(row.state) && <Pick page={page} row={row} index={index} />}</td>
              )}
              <Row page={page} row={row} now={now} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ page, row, now }: { page: PageContext; row: RegistrationRow; now: string }) {
  const { t } = page;
  const { reference, email, kind, state, attention, problem, since, startedAt, ended } = row;
  return (
    <>
      <th scope="row">
        <a class="listing-link" href={`/console/registrations/${reference}`}>
          {reference}
        </a>
        <span class="line muted">{email ?? t('registrations.list.erased')}</span>
      </th>
      <td>
        <span class={attention ? 'tag tag-attention' : 'tag'}>{t(`states.${state}`)}</span>
        <span class="line muted">
          <Waiting page={page} since={since} now={now} />
          {problem && !ended && `: ${t(`registrations.problems.${problem}`)}`}
        </span>
      </td>
      <td class="wide-only">{t(`registrations.kinds.${kind}`)}</td>
      <td class="wide-only">
        <ShortTime page={page} at={startedAt} />
      </td>
    </>
  );
}

/** Belongs to the form below the list; each box has a name of its own, for equal ones are refused (security.md V2). */
const Pick = ({ page, row, index }: { page: PageContext; row: RegistrationRow; index: number }) => (
  <input
    type="checkbox"
    form="retry"
    name={`pick${index + 1}`}
    value={row.reference}
    aria-label={page.t('registrations.list.selectOne', { reference: row.reference })}
  />
);

/** Day and time in UTC, short enough for a table. */
function ShortTime({ page, at }: { page: PageContext; at: string }) {
  const format = dateFormat(page.language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return <time dateTime={at}>{`${format.format(new Date(at))} UTC`}</time>;
}
