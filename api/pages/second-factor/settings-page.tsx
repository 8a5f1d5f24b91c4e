import type { Factors } from '../../../db/second-factors.js';
import type { Realm } from '../../second-factor/realm.js';
import { FormToken, PasswordField } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { FactorFrame } from './frame.js';
import { Passkeys } from './passkeys.js';

export interface FactorSettingsModel {
  realm: Realm;
  factors: Factors;
  /** Whether the person proved just now to be who they are; without, nothing can be changed. */
  isFresh: boolean;
  /** Nothing else opens until a factor is set up. */
  isDemanded: boolean;
  /** One more passkey may be added. */
  hasRoom: boolean;
  done?: string;
  error?: string;
  seconds?: number;
}

interface PartProps {
  page: PageContext;
  model: FactorSettingsModel;
}

/** Fewer than these, and the page says that it is time for new ones. */
const fewCodes = 3;

export function FactorSettingsPage({ page, model }: PartProps) {
  const { t } = page;
  const { realm, factors, isFresh, isDemanded, hasRoom, done, error, seconds } = model;
  const isOn = factors.totpSince !== null || factors.passkeys.length > 0;
  return (
    <FactorFrame
      page={page}
      realm={realm}
      title={t('secondFactor.title')}
      lead={t('secondFactor.lead')}
      done={done}
      error={error}
      seconds={seconds}
      scripts={['local-time', 'form-check', 'password-field', 'passkey']}
    >
      {isDemanded && !error && (
        <Notice kind="info">
          <p>{t(`secondFactor.demanded.${realm.name}`)}</p>
        </Notice>
      )}
      <div class="factors">
        {!isFresh && <Confirmation page={page} model={model} />}
        <App page={page} model={model} />
        <Passkeys page={page} base={realm.settings} passkeys={factors.passkeys} isFresh={isFresh} hasRoom={hasRoom} />
        {isOn && <RecoveryCodes page={page} model={model} />}
      </div>
    </FactorFrame>
  );
}

/** Asked before anything can be changed, once the login is a while ago. */
function Confirmation({ page, model: { realm } }: PartProps) {
  const { t } = page;
  return (
    <section class="card form-section">
      <h2>{t('secondFactor.confirm.title')}</h2>
      <p class="muted">{t('secondFactor.confirm.lead')}</p>
      <form method="post" action={`${realm.settings}/confirm`} data-check>
        <FormToken page={page} />
        <PasswordField page={page} name="password" autocomplete="current-password" />
        <button type="submit">{t('secondFactor.confirm.submit')}</button>
      </form>
    </section>
  );
}

function App({ page, model }: PartProps) {
  const { t } = page;
  const { factors, isFresh } = model;
  const { totpSince } = factors;
  return (
    <section class="card form-section" aria-labelledby="app">
      <h2 id="app">
        {t('secondFactor.app.title')} <State page={page} isOn={totpSince !== null} />
      </h2>
      <p class="muted">{t('secondFactor.app.lead')}</p>
      {totpSince && (
        <p>
          {t('secondFactor.app.since')} <LocalTime page={page} at={totpSince.toISOString()} dateOnly />
        </p>
      )}
      {isFresh && (
        <div class="factor-actions">
          <Action page={page} model={model} path="totp" words={totpSince ? 'app.replace' : 'app.setUp'} />
          {totpSince && <Action page={page} model={model} path="totp/remove" words="app.remove" isWarning />}
        </div>
      )}
    </section>
  );
}

function RecoveryCodes({ page, model }: PartProps) {
  const { t } = page;
  const { codesLeft } = model.factors;
  return (
    <section class="card form-section" aria-labelledby="codes">
      <h2 id="codes">{t('secondFactor.codes.title')}</h2>
      <p class="muted">{t('secondFactor.codes.lead')}</p>
      <p class={codesLeft < fewCodes ? 'field-error' : undefined}>
        {t('secondFactor.codes.left', { count: codesLeft })}
      </p>
      {model.isFresh && <Action page={page} model={model} path="recovery-codes" words="codes.make" />}
    </section>
  );
}

const State = ({ page: { t }, isOn }: { page: PageContext; isOn: boolean }) => (
  <span class="tag">{t(isOn ? 'secondFactor.on' : 'secondFactor.off')}</span>
);

interface ActionProps extends PartProps {
  path: string;
  words: string;
  isWarning?: boolean;
}

const Action = ({ page, model: { realm }, path, words, isWarning }: ActionProps) => (
  <form method="post" action={`${realm.settings}/${path}`} data-check>
    <FormToken page={page} />
    <button type="submit" class={isWarning ? 'outline warning' : 'outline'}>
      {page.t(`secondFactor.${words}`)}
    </button>
  </form>
);
