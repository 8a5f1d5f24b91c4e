import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { ChartStyles, Diagram } from './diagram.js';
import { ConsoleFrame } from './frame.js';
import { ActionForms } from './registration-detail-actions.js';
import { Fact } from './registration-detail-fact.js';
import type { RegistrationDetailModel } from './registration-detail-model.js';
import { Person } from './registration-detail-person.js';
import { duration } from './registrations-waiting.js';
import { Timeline } from './timeline.js';

type Props = { page: PageContext; model: RegistrationDetailModel };

/** Everything about one registration, and what staff can do about it. */
export function RegistrationDetailPage({ page, model }: Props) {
  const { t } = page;
  const { reference, state, endedAt, failed, done } = model;
  const title = t(`states.${state}`);
  return (
    <ConsoleFrame
      page={page}
      area="registrations"
      title={reference}
      lead={
        <>
          {t(`registrations.kinds.${model.kind}`)}, {t('registrations.detail.started')}{' '}
          <LocalTime page={page} at={model.startedAt} />
        </>
      }
      done={failed ? undefined : done}
      scripts={['local-time', 'live']}
      head={
        <>
          <ChartStyles />
          <link rel="stylesheet" href="/assets/console-registration.css" />
        </>
      }
    >
      {failed && <Failure page={page} failed={failed} />}
      <div class="detail-grid">
        <div>
          <Status page={page} model={model} />
          <Duplicates page={page} model={model} />
          <Person page={page} model={model} />
        </div>
        <ActionForms page={page} model={model} />
      </div>
      <section class="card" aria-labelledby="diagram-title">
        <h2 id="diagram-title">{t('registrations.detail.diagram')}</h2>
        <p class="muted" id="diagram-state" data-live>
          {t(`registrations.detail.${endedAt ? 'diagramEnded' : 'diagramCurrent'}`, { state: title })}
        </p>
        <Diagram svg={model.diagram} label={t('registrations.detail.diagramLabel')} />
      </section>
      <Timeline page={page} entries={model.timeline} isCut={model.isTimelineCut} />
      <p class="link-row">
        {model.temporalUrl && <a href={model.temporalUrl}>{t('registrations.detail.temporal')}</a>}
        <a href="/console/registrations">{t('registrations.detail.backToList')}</a>
      </p>
    </ConsoleFrame>
  );
}

function Failure({ page, failed }: { page: PageContext; failed: NonNullable<RegistrationDetailModel['failed']> }) {
  const { t } = page;
  const { code, state, minutes, action } = failed;
  return (
    <Notice kind="error">
      <h2>{`${t('registrations.problemTitle')}: ${t(`registrations.actions.${action}.title`)}`}</h2>
      <p>{t(`registrations.refused.${code}`, { state: state && t(`states.${state}`), minutes })}</p>
    </Notice>
  );
}

function Status({ page, model }: Props) {
  const { t } = page;
  const { state, problem, attention, since, endedAt, isEngineAway, now, reference } = model;
  return (
    <section class="card" id="status" aria-labelledby="status-title" data-live>
      <h2 id="status-title">{t('registrations.detail.status')}</h2>
      <p class="status-line">
        <span class={attention ? 'tag tag-attention' : 'tag'}>{t(`states.${state}`)}</span>
        {attention && <span>{t('registrations.detail.attention')}</span>}
      </p>
      {isEngineAway && (
        <div class="notice notice-info">
          <p>{t('registrations.detail.noEngine')}</p>
          <p>
            <a href={`/console/registrations/${reference}`}>{t('registrations.detail.tryAgain')}</a>
          </p>
        </div>
      )}
      <dl class="record-facts">
        <Fact label={t('registrations.detail.since')}>
          <LocalTime page={page} at={since} /> (
          {t('registrations.list.since', { time: duration(page, (Date.parse(now) - Date.parse(since)) / 1_000) })})
        </Fact>
        {problem && !endedAt && (
          <Fact label={t('registrations.detail.problem')}>{t(`registrations.problems.${problem}`)}</Fact>
        )}
        {!endedAt && <Fact label={t('registrations.detail.waitsFor')}>{t(`registrations.waitsFor.${state}`)}</Fact>}
        <Fact label={t('registrations.detail.advice')}>{t(`registrations.advice.${state}`)}</Fact>
        <Deadlines page={page} model={model} />
      </dl>
    </section>
  );
}

function Deadlines({ page, model }: Props) {
  const { t } = page;
  const { deadlines, endedAt, expiresAt } = model;
  if (endedAt)
    return (
      <Fact label={t('registrations.detail.endedAt')}>
        <LocalTime page={page} at={endedAt} />
      </Fact>
    );
  return (
    <>
      {deadlines.map(({ name, at }) => (
        <Fact key={name} label={t(`registrations.deadlines.${name}`)}>
          <LocalTime page={page} at={at} />
        </Fact>
      ))}
      {deadlines.some(({ name }) => name === 'reminderOrExpiry') && (
        <Fact label={t('registrations.detail.ends')}>
          <LocalTime page={page} at={expiresAt} />
        </Fact>
      )}
    </>
  );
}

/** That the names are the same is for staff only; nothing is joined because of it (security.md D7). */
function Duplicates({ page, model: { duplicates } }: Props) {
  const { t } = page;
  if (duplicates.length === 0) return null;
  return (
    <section class="notice notice-warning" aria-labelledby="duplicates-title">
      <h2 id="duplicates-title">{t('registrations.duplicates.title', { count: duplicates.length })}</h2>
      <p>{t('registrations.duplicates.text')}</p>
      <ul>
        {duplicates.map(({ kind, createdAt, reference }) => (
          <li key={`${createdAt} ${reference}`}>
            {t(`registrations.duplicates.${kind}`)} <LocalTime page={page} at={createdAt} dateOnly />
            {reference && (
              <>
                , {t('registrations.duplicates.registeredBy')}{' '}
                <a href={`/console/registrations/${reference}`}>{reference}</a>
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
