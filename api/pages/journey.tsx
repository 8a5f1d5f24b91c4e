import type { ComponentChildren } from 'preact';
import type { PageContext } from './models.js';

const steps = ['email', 'mailbox', 'details', 'ready'] as const;
export type JourneyStep = (typeof steps)[number];

interface JourneyProps {
  page: PageContext;
  /** Where the person is; `ready` means that every step is behind them. */
  current: JourneyStep;
  /** Quiet things below the steps, such as the reference. */
  aside?: ComponentChildren;
  children: ComponentChildren;
}

/** The one path that all pages of a registration share: the steps beside (on a phone: above) the page's own content. */
export function Journey({ page, current, aside, children }: JourneyProps) {
  const { t } = page;
  const position = steps.indexOf(current);
  const summary =
    current === 'ready'
      ? t('journey.allDone', { total: steps.length })
      : t('journey.position', { current: position + 1, total: steps.length });
  return (
    <div class="journey">
      <aside class="journey-path" aria-label={t('journey.label')}>
        <p class="journey-position">
          {summary}
          <span aria-hidden="true"> · {t(`journey.${current}`)}</span>
        </p>
        <ol class="steps">
          {steps.map((step, index) => (
            <Step
              key={step}
              page={page}
              step={step}
              number={index + 1}
              state={index < position || current === 'ready' ? 'done' : step === current ? 'current' : 'ahead'}
            />
          ))}
        </ol>
        {aside}
      </aside>
      <div class="journey-content">{children}</div>
    </div>
  );
}

interface StepProps {
  page: PageContext;
  step: JourneyStep;
  number: number;
  state: 'done' | 'current' | 'ahead';
}

function Step({ page: { t }, step, number, state }: StepProps) {
  return (
    <li class={`step step-${state}`} aria-current={state === 'current' ? 'step' : undefined}>
      <span class="step-mark" aria-hidden="true">
        {state === 'done' ? <span class="icon icon-check" /> : number}
      </span>
      <span class="step-text">
        <span class="step-name">{t(`journey.${step}`)}</span>
        {state === 'done' && <span class="visually-hidden"> ({t('journey.done')})</span>}
        <span class="step-hint">{t(`journey.${step}Hint`)}</span>
      </span>
    </li>
  );
}

/** What a person quotes when they ask for help. */
export function Reference({ page, reference }: { page: PageContext; reference: string }) {
  return (
    <p class="reference">
      {page.t('common.reference')} <code>{reference}</code>
      <span class="reference-hint">{page.t('common.referenceHint')}</span>
    </p>
  );
}
