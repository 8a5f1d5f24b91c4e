import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { ConsoleFrame } from './frame.js';
import { Fact } from './registration-detail-fact.js';

export interface BatchModel {
  id: string;
  reason?: string;
  /** E-mail of who asked for it. */
  staff: string;
  /** ISO 8601 */
  createdAt: string;
  finishedAt?: string;
  total: number;
  sent: number;
}

export interface BatchPageModel {
  batch: BatchModel;
  /** Where its registrations stand now. */
  states: { state: string; count: number }[];
  done?: string;
}

/** One retry of many, as far as it has come. */
export function BatchPage({ page, model }: { page: PageContext; model: BatchPageModel }) {
  const { t } = page;
  const { batch, states, done } = model;
  return (
    <ConsoleFrame
      page={page}
      area="registrations"
      title={t('batches.title')}
      done={done}
      scripts={['local-time', 'live']}
    >
      <section class="card" id="batch" aria-labelledby="batch-title" data-live>
        <h2 id="batch-title">{t('batches.progress')}</h2>
        <Progress page={page} batch={batch} />
        <dl class="record-facts">
          <Fact label={t('batches.askedAt')}>
            <LocalTime page={page} at={batch.createdAt} />
          </Fact>
          <Fact label={t('batches.by')}>{batch.staff}</Fact>
          <Fact label={t('batches.reason')}>{batch.reason ?? t('batches.noReason')}</Fact>
          {batch.finishedAt && (
            <Fact label={t('batches.finishedAt')}>
              <LocalTime page={page} at={batch.finishedAt} />
            </Fact>
          )}
        </dl>
      </section>
      <section class="card" id="batch-states" aria-labelledby="states-title" data-live>
        <h2 id="states-title">{t('batches.states')}</h2>
        <p class="muted">{t('batches.statesLead')}</p>
        <table aria-labelledby="states-title">
          <thead>
            <tr>
              <th scope="col">{t('batches.state')}</th>
              <th scope="col" class="number">
                {t('batches.count')}
              </th>
            </tr>
          </thead>
          <tbody>
            {states.map(({ state, count }) => (
              <tr key={state}>
                <th scope="row">{t(`states.${state}`)}</th>
                <td class="number">{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p>
        <a href="/console/batches">{t('batches.back')}</a>
      </p>
    </ConsoleFrame>
  );
}

function Progress({ page, batch: { total, sent, finishedAt } }: { page: PageContext; batch: BatchModel }) {
  const { t } = page;
  const words = t('batches.progressLabel', { sent, total });
  return (
    <>
      <progress max={total} value={sent} aria-label={words} />
      <p>
        {words}{' '}
        <span class={finishedAt ? 'tag tag-current' : 'tag'}>
          {t(`batches.${finishedAt ? 'finished' : 'running'}`)}
        </span>
      </p>
    </>
  );
}

/** The newest retries of many. */
export function BatchesPage({ page, model: { batches } }: { page: PageContext; model: { batches: BatchModel[] } }) {
  const { t } = page;
  return (
    <ConsoleFrame
      page={page}
      area="registrations"
      title={t('batches.listTitle')}
      lead={t('batches.listLead')}
      scripts={['local-time', 'live']}
    >
      <div id="batches" data-live>
        {batches.length === 0 ? (
          <p class="card">{t('batches.none')}</p>
        ) : (
          <div class="card table-card">
            <table class="stacking" aria-label={t('batches.listLabel')}>
              <thead>
                <tr>
                  {['askedAt', 'by', 'reason', 'sent', 'progress'].map((column) => (
                    <th key={column} scope="col">
                      {t(`batches.${column}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {batches.map((batch) => (
                  <BatchRow key={batch.id} page={page} batch={batch} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
      <p>
        <a href="/console/registrations">{t('registrations.detail.backToList')}</a>
      </p>
    </ConsoleFrame>
  );
}

function BatchRow({ page, batch }: { page: PageContext; batch: BatchModel }) {
  const { t } = page;
  const { id, createdAt, staff, reason, sent, total, finishedAt } = batch;
  return (
    <tr>
      <th scope="row">
        <a href={`/console/batches/${id}`}>
          <LocalTime page={page} at={createdAt} />
        </a>
      </th>
      <td data-label={t('batches.by')}>{staff}</td>
      <td data-label={t('batches.reason')}>{reason ?? t('batches.noReason')}</td>
      <td data-label={t('batches.sent')}>{t('batches.progressLabel', { sent, total })}</td>
      <td data-label={t('batches.progress')}>{t(`batches.${finishedAt ? 'finished' : 'running'}`)}</td>
    </tr>
  );
}
