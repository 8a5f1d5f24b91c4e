import type { FunnelDay } from '../../../db/registration-statistics.js';
import { dateFormat } from '../../formats.js';
import type { PageContext } from '../models.js';

const columns = [
  'started',
  'proven',
  'submitted',
  'completed',
  'open',
  'alreadyRegistered',
  'expired',
  'declined',
  'cancelled',
] as const;
type Counts = Record<(typeof columns)[number], number>;

/** One kind's last days as a table, a bar beside each day. */
export function Funnel({ page, kind, days }: { page: PageContext; kind: FunnelDay['kind']; days: FunnelDay[] }) {
  const { t } = page;
  const ofKind = days.filter((day) => day.kind === kind);
  const most = Math.max(...ofKind.map(({ started }) => started), 0);
  const name = t(`overview.funnel.${kind}s`);
  if (most === 0)
    return (
      <>
        <h3>{name}</h3>
        <p class="muted">{t('overview.funnel.none')}</p>
      </>
    );
  const format = dateFormat(page.language, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  });
  return (
    <>
      <h3>{name}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus nobody could scroll it by keyboard */}
      <section class="scroll-box" aria-label={t('overview.funnel.caption', { kind: name })} tabIndex={0}>
        <table class="funnel" id={`funnel-${kind}`} aria-label={t('overview.funnel.caption', { kind: name })} data-live>
          <thead>
            <tr>
              <th scope="col">{t('overview.funnel.day')}</th>
              <th scope="col">{t('overview.funnel.share')}</th>
              {columns.map((column) => (
                <th key={column} scope="col" class="number">
                  {t(`overview.funnel.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ofKind.map((day) => (
              <tr key={day.day}>
                <th scope="row">{format.format(new Date(day.day))}</th>
                <td>
                  <Bar counts={day} most={most} />
                </td>
                <Numbers counts={day} />
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t('overview.funnel.total')}</th>
              <td />
              <Numbers counts={sum(ofKind)} />
            </tr>
          </tfoot>
        </table>
      </section>
      <p class="muted legend">{t('overview.funnel.legend')}</p>
    </>
  );
}

const Numbers = ({ counts }: { counts: Counts }) =>
  columns.map((column) => (
    <td key={column} class={counts[column] === 0 ? 'number nought' : 'number'}>
      {counts[column]}
    </td>
  ));

const sum = (days: Counts[]): Counts =>
  Object.fromEntries(columns.map((column) => [column, days.reduce((total, day) => total + day[column], 0)])) as Counts;

const barWidth = 120;

/** As long as the day's registrations among those of the best day; the numbers beside it say the same. */
function Bar({ counts, most }: { counts: Counts; most: number }) {
  const { started, completed, open } = counts;
  const width = (count: number) => Math.round((count / most) * barWidth * 10) / 10;
  return (
    <svg class="bar" width={barWidth} height="14" viewBox={`0 0 ${barWidth} 14`} aria-hidden="true">
      <rect class="bar-completed" x="0" y="1" width={width(completed)} height="12" />
      <rect class="bar-open" x={width(completed)} y="1" width={width(open)} height="12" />
      <rect class="bar-lost" x={width(completed + open)} y="1" width={width(started - completed - open)} height="12" />
    </svg>
  );
}
