import { funnel } from '../../../db/registration-statistics.js';
import { effectOutcomes, registrationMachine } from '../../../machines/registration.js';
import { numberFormat } from '../../formats.js';
import type { Context, Route } from '../../http.js';
import { translator } from '../../i18n.js';
import { keptIfMany } from '../../kept-figures.js';
import { drawMachine } from '../../machine-diagram.js';
import { type OverviewModel, OverviewPage } from '../../pages/console/overview.js';
import { shortDuration } from '../../pages/console/registrations-waiting.js';
import { currentStates } from '../../registration-figures.js';
import { registrationStates } from '../../registration-states.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { temporalUrl } from './registration-page.js';

/** Days of the funnel, today included. */
const funnelDays = 14;
const currentFunnel = keptIfMany(
  (db) => funnel(db, funnelDays),
  (days) => days.reduce((sum, { started }) => sum + started, 0),
);

/** The Console's first page: numbers only, nothing of a person (security.md A15). */
export function overviewRoutes(wiring: Wiring): Route[] {
  const { db } = wiring.services;

  async function show(ctx: Context) {
    const [figures, days] = await Promise.all([currentStates(db), currentFunnel(db)]);
    const known = new Map(figures.map((figure) => [figure.state, figure]));
    const states = registrationStates.map(({ name: state }) => ({
      state,
      count: known.get(state)?.count ?? 0,
      median: known.get(state)?.median ?? undefined,
    }));
    const attention = figures
      .filter((figure) => figure.attention > 0)
      .map(({ state, attention: count, longest }) => ({ state, count, longest: longest ?? 0 }));
    const model: OverviewModel = {
      states,
      attention: attention.sort((one, other) => other.longest - one.longest),
      funnel: days,
      diagram: await draw(ctx, states),
      temporalUrl: temporalUrl(wiring, '/workflows'),
    };
    showPage(ctx, OverviewPage, model);
  }

  return [{ kind: 'page', method: 'get', path: '/console', audience: 'staff-viewer', handle: show }];
}

function draw({ state: { language } }: Context, states: OverviewModel['states']): Promise<string> {
  const t = translator(language);
  const number = numberFormat(language);
  const note = ({ count, median }: OverviewModel['states'][number]) =>
    median === undefined ? number.format(count) : `${number.format(count)} · ${shortDuration(language, median)}`;
  return drawMachine(registrationMachine, {
    key: language,
    title: (state) => t(`states.${state}`),
    outcomes: effectOutcomes,
    label: t('overview.machine.label'),
    notes: Object.fromEntries(states.map((state) => [state.state, note(state)])),
  });
}
