import type { ComponentChildren } from 'preact';
import type { TimelineEntry } from '../../../db/registration-detail.js';
import type { Translate } from '../../i18n.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';

type Entry<Source extends TimelineEntry['source']> = Extract<TimelineEntry, { source: Source }>;

/** Entries of a timeline that is not cut. */
export const longestTimeline = 300;

/** Steps, mails, lookups and what staff did, in one order of time. */
export function Timeline({ page, entries, isCut }: { page: PageContext; entries: TimelineEntry[]; isCut: boolean }) {
  const { t } = page;
  return (
    <section class="card" aria-labelledby="timeline-title">
      <h2 id="timeline-title">{t('registrations.timeline.title')}</h2>
      <p class="muted">{t('registrations.timeline.order')}</p>
      {isCut && <p class="muted">{t('registrations.timeline.cut', { count: entries.length })}</p>}
      <ol class="timeline" id="timeline" data-live>
        {entries.map((entry, index) => (
          <li key={index} class={`timeline-${entry.source}`}>
            <span class="timeline-at">
              <LocalTime page={page} at={entry.at} />
            </span>
            <Words page={page} entry={entry} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Words({ page, entry }: { page: PageContext; entry: TimelineEntry }) {
  if (entry.source === 'step') return <Step t={page.t} entry={entry} />;
  if (entry.source === 'mail') return <Mail t={page.t} entry={entry} />;
  if (entry.source === 'lookup') return <Lookup t={page.t} entry={entry} />;
  if (entry.source === 'join') return <Line title={page.t(`registrations.join.${entry.what}`)} />;
  return <ByStaff t={page.t} entry={entry} />;
}

const Line = ({ title, children }: { title: ComponentChildren; children?: ComponentChildren }) => (
  <div>
    <strong>{title}</strong>
    <span class="line muted">{children}</span>
  </div>
);

function Step({ t, entry: { event, from, to, actor } }: { t: Translate; entry: Entry<'step'> }) {
  // "after mailRetry" and "createAccount.created" are found under their parts.
  const title = wordsOr(t, `registrations.events.${event.replaceAll(' ', '.')}`, event);
  const who = t('registrations.timeline.by', { who: wordsOr(t, `registrations.actors.${actor}`, actor) });
  const where = from === to ? '' : ` · ${t('registrations.timeline.step', { state: wordsOr(t, `states.${to}`, to) })}`;
  return <Line title={title}>{`${who}${where}`}</Line>;
}

function Mail({ t, entry: { template, state, attempts, reply } }: { t: Translate; entry: Entry<'mail'> }) {
  const name = wordsOr(t, `registrations.mails.${template}`, template);
  return (
    <Line title={t('registrations.timeline.mail', { template: name })}>
      {[
        t(`registrations.mailStates.${state}`),
        t('registrations.timeline.attempts', { count: attempts }),
        ...(reply ? [t('registrations.timeline.reply', { reply })] : []),
      ].join(' · ')}
    </Line>
  );
}

function Lookup({ t, entry: { outcome, reason, milliseconds } }: { t: Translate; entry: Entry<'lookup'> }) {
  return (
    <Line title={`${t('registrations.timeline.lookup')}: ${t(`registrations.lookups.${outcome}`)}`}>
      {[
        ...(reason ? [wordsOr(t, `provider.reasons.${reason}`, reason)] : []),
        t('registrations.timeline.milliseconds', { count: milliseconds }),
      ].join(' · ')}
    </Line>
  );
}

/** A reason is staff's own words. */
function ByStaff({ t, entry }: { t: Translate; entry: Entry<'audit'> | Entry<'batch'> }) {
  const title =
    entry.source === 'batch' ? (
      <a href={`/console/batches/${entry.batchId}`}>{t('registrations.timeline.batch')}</a>
    ) : (
      `${wordsOr(t, `registrations.audit.${entry.action}`, entry.action)}${
        entry.result ? `: ${wordsOr(t, `registrations.results.${entry.result}`, entry.result)}` : ''
      }`
    );
  return (
    <Line title={title}>
      {t('registrations.timeline.by', { who: entry.staff })}
      {entry.reason && <span class="line">{t('registrations.timeline.reason', { reason: entry.reason })}</span>}
    </Line>
  );
}

/** What has no words yet is shown as it is recorded: a newer or older worker may have written it. */
function wordsOr(t: Translate, key: string, otherwise: string): string {
  const words = t(key);
  return typeof words === 'string' && words !== key ? words : otherwise;
}
