import type { Realm } from '../../second-factor/realm.js';
import { FormToken, TextField } from '../form-fields.js';
import { ConsoleLayout, Layout } from '../layout.js';
import type { PageContext } from '../models.js';
import { FormError } from '../notice.js';
import { PasskeyForm } from './passkey-form.js';

export interface FactorLoginModel {
  realm: Realm;
  hasApp: boolean;
  hasPasskey: boolean;
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
}

interface PartProps {
  page: PageContext;
  model: FactorLoginModel;
}

/** The second step of the login. Says nothing of the account: whoever is here has only shown its password. */
export function FactorLoginPage({ page, model }: PartProps) {
  const { t } = page;
  const { realm, error, hasApp, hasPasskey } = model;
  const Frame = realm.name === 'user' ? Layout : ConsoleLayout;
  return (
    <Frame
      page={page}
      title={t('secondFactor.login.title')}
      failed={Boolean(error)}
      scripts={['form-check', 'passkey']}
    >
      <div class="narrow">
        <section class="card">
          <h1>{t('secondFactor.login.title')}</h1>
          <FormError page={page} error={error} seconds={model.seconds} />
          {hasPasskey && (
            <>
              <p class="lead">{t('secondFactor.login.passkeyLead')}</p>
              <PasskeyForm
                page={page}
                ceremony="authentication"
                action={`${realm.asking}/passkey`}
                options={`${realm.asking}/passkey-options`}
                submit={t('secondFactor.login.usePasskey')}
              />
              <h2 class="or">{t('secondFactor.login.or')}</h2>
            </>
          )}
          <CodeForm page={page} model={model} />
        </section>
        <section class="aside-card">
          <h2>{t('secondFactor.login.lostTitle')}</h2>
          <p>{t(hasApp ? 'secondFactor.login.lostApp' : 'secondFactor.login.lostPasskey')}</p>
          <p>{t(`secondFactor.login.lostAll.${realm.name}`)}</p>
          <form method="post" action={realm.logout}>
            <FormToken page={page} />
            <button type="submit" class="outline">
              {t('secondFactor.login.leave')}
            </button>
          </form>
        </section>
      </div>
    </Frame>
  );
}

function CodeForm({ page, model: { realm, hasApp, hasPasskey } }: PartProps) {
  const { t } = page;
  return (
    <form method="post" action={realm.asking} data-check>
      <p class="lead">{t(hasApp ? 'secondFactor.login.appLead' : 'secondFactor.login.codeLead')}</p>
      <FormToken page={page} />
      <TextField
        page={page}
        name="code"
        autocomplete="one-time-code"
        hint={t(hasApp ? 'secondFactor.login.appHint' : 'secondFactor.login.codeHint')}
      />
      <button type="submit" class={hasPasskey ? 'outline' : undefined}>
        {t('secondFactor.login.submit')}
      </button>
    </form>
  );
}
