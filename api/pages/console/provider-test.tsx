import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { ConsoleFrame } from './frame.js';
import { Styles } from './partners.js';

export interface ProviderTestModel {
  state: 'waiting' | 'noAnswer' | 'found' | 'notFound' | 'temporary' | 'misconfigured';
  /** One of a fixed set of codes. */
  reason?: string;
  /** When it was asked for, ISO 8601. */
  at: string;
  /** What a partner would be made from. */
  partner: { field: string; value: string }[];
  /** Fields that the mapping names and the answer does not have. */
  missing: string[];
}

const kinds = {
  waiting: 'info',
  noAnswer: 'error',
  found: 'success',
  notFound: 'info',
  temporary: 'error',
  misconfigured: 'error',
} as const;

/** What became of a sample code. While nobody knows yet, the page asks again by itself, with and without script. */
export function ProviderTestPage({ page, model }: { page: PageContext; model: ProviderTestModel }) {
  const { t } = page;
  const { state, at } = model;
  const refresh = (
    <noscript>
      <meta http-equiv="refresh" content="2" />
    </noscript>
  );
  return (
    <ConsoleFrame
      page={page}
      area="provider"
      title={t('provider.testTitle')}
      scripts={state === 'waiting' ? ['local-time', 'live'] : ['local-time']}
      head={
        <>
          <Styles />
          {state === 'waiting' && refresh}
        </>
      }
    >
      <section class="card" id="result" data-live={state === 'waiting' ? '' : undefined}>
        <Notice kind={kinds[state]}>
          <p>{t(`provider.outcomes.${state}`)}</p>
          {model.reason && <p>{reasonWords(page, model.reason)}</p>}
        </Notice>
        {state === 'found' && <Partner page={page} model={model} />}
        <p class="muted">
          {t('provider.testedAt')} <LocalTime page={page} at={at} />
        </p>
      </section>
      <p class="on-screen">
        <a class="button outline" href="/console/provider">
          {t('provider.back')}
        </a>
      </p>
    </ConsoleFrame>
  );
}

/** A code that has no words yet says nothing of where it comes from (security.md F6). */
function reasonWords({ t }: PageContext, reason: string): string {
  const key = `provider.reasons.${reason}`;
  const words = /^[a-zA-Z]+$/.test(reason) ? t(key) : key;
  return words === key ? t('provider.reasons.other') : words;
}

function Partner({ page: { t }, model: { partner, missing } }: { page: PageContext; model: ProviderTestModel }) {
  return (
    <>
      <h2>{t('provider.testPartner')}</h2>
      <dl class="facts">
        {partner.map(({ field, value }) => (
          <div key={field}>
            <dt>{t(`provider.partner.${field}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {missing.length > 0 && (
        <Notice kind="info">
          <p>{t('provider.testMissing')}</p>
          <ul>
            {missing.map((field) => (
              <li key={field}>{t(`provider.partner.${field}`)}</li>
            ))}
          </ul>
        </Notice>
      )}
    </>
  );
}
