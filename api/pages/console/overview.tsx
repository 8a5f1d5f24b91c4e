import type { FunnelDay } from '../../../db/registration-statistics.js';
import type { PageContext } from '../models.js';
import { ChartStyles, Diagram } from './diagram.js';
import { ConsoleFrame } from './frame.js';
import { Funnel } from './overview-funnel.js';
import { duration } from './registrations-waiting.js';

export interface OverviewModel {
  /** In the machine's order. */
  states: { state: string; count: number /** Seconds; absent where nobody waits. */; median?: number }[];
  attention: { state: string; count: number; longest: number }[];
  funnel: FunnelDay[];
  /** SVG. */
  diagram: string;
  temporalUrl?: string;
  done?: string;
}

type Props = { page: PageContext; model: OverviewModel };

/** Where registrations stand now, what needs somebody, and what became of the last two weeks' ones. */
export function OverviewPage({ page, model }: Props) {
  const { t } = page;
  return (
    <ConsoleFrame
      page={page}
      area="overview"
      title={t('overview.title')}
      lead={t('overview.lead')}
      scripts={['live']}
      head={<ChartStyles />}
    >
      <Attention page={page} model={model} />
      <section class="card" aria-labelledby="machine-title">
        <h2 id="machine-title">{t('overview.machine.title')}</h2>
        <p class="muted">{t('overview.machine.lead')}</p>
        <Diagram svg={model.diagram} label={t('overview.machine.label')} />
        <details class="text-details">
          <summary>{t('overview.machine.table')}</summary>
          <StateTable page={page} model={model} />
        </details>
      </section>
      <section class="card" aria-labelledby="funnel-title">
        <h2 id="funnel-title">{t('overview.funnel.title')}</h2>
        <p class="muted">{t('overview.funnel.lead')}</p>
        <Funnel page={page} kind="customer" days={model.funnel} />
        <Funnel page={page} kind="partner" days={model.funnel} />
        <Funnel page={page} kind="invited" days={model.funnel} />
      </section>
      <p class="link-row">
        <a href="/console/registrations">{t('overview.registrations')}</a>
        {model.temporalUrl && <a href={model.temporalUrl}>{t('overview.temporal')}</a>}
      </p>
    </ConsoleFrame>
  );
}

function Attention({ page, model: { attention } }: Props) {
  const { t } = page;
  return (
    <section aria-labelledby="attention-title">
      <h2 id="attention-title">{t('overview.attention.title')}</h2>
      <div id="attention" data-live>
        {attention.length === 0 ? (
          <p class="muted">{t('overview.attention.none')}</p>
        ) : (
          <ul class="attention-list">
            {attention.map(({ state, count, longest }) => (
              <li key={state} class="card">
                <a href={`/console/registrations?state=${state}`}>{t(`states.${state}`)}</a>
                <strong>{t('overview.attention.count', { count })}</strong>
                <span class="muted">{t('overview.attention.oldest', { time: duration(page, longest) })}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

/** What the drawing says, for whoever cannot see it; its states are links. */
function StateTable({ page, model: { states } }: Props) {
  const { t } = page;
  return (
    <table id="states" aria-label={t('overview.machine.title')} data-live>
      <thead>
        <tr>
          <th scope="col">{t('overview.machine.state')}</th>
          <th scope="col" class="number">
            {t('overview.machine.count')}
          </th>
          <th scope="col" class="number">
            {t('overview.machine.median')}
          </th>
        </tr>
      </thead>
      <tbody>
        {states.map(({ state, count, median }) => (
          <tr key={state}>
            <th scope="row">
              <a href={`/console/registrations?state=${state}`}>{t(`states.${state}`)}</a>
            </th>
            <td class="number">{count}</td>
            <td class="number">{median === undefined ? '–' : duration(page, median)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
