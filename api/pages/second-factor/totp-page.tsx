import type { Realm } from '../../second-factor/realm.js';
import { FormToken, TextField } from '../form-fields.js';
import type { PageContext } from '../models.js';
import { QrCode, type QrModel } from '../qr-code.js';
import { FactorFrame } from './frame.js';

export interface TotpModel {
  realm: Realm;
  /** Base32. */
  secret: string;
  /** `otpauth:` address, what the QR code says. */
  address: string;
  qr: QrModel;
  error?: string;
}

/** Connects an authenticator app: by camera, by a tap on the same device, or typed; then its first code. */
export function TotpPage({ page, model }: { page: PageContext; model: TotpModel }) {
  const { t } = page;
  const { realm, secret, address, qr, error } = model;
  return (
    <FactorFrame
      page={page}
      realm={realm}
      title={t('secondFactor.setUp.title')}
      lead={t('secondFactor.setUp.lead')}
      error={error}
      scripts={['form-check']}
    >
      <section class="card totp">
        <div>
          <h2>{t('secondFactor.setUp.scanTitle')}</h2>
          <p>{t('secondFactor.setUp.scan')}</p>
          <QrCode label={t('secondFactor.setUp.qrLabel')} qr={qr} />
          <p>
            <a href={address}>{t('secondFactor.setUp.open')}</a>
          </p>
        </div>
        <div>
          <h2>{t('secondFactor.setUp.typeTitle')}</h2>
          <p>{t('secondFactor.setUp.type')}</p>
          <p>
            <code class="totp-secret">{secret.match(/.{1,4}/g)?.join(' ')}</code>
          </p>
          <h2>{t('secondFactor.setUp.codeTitle')}</h2>
          <form method="post" action={`${realm.settings}/totp/confirm`} data-check>
            <FormToken page={page} />
            <TextField page={page} name="code" autocomplete="one-time-code" hint={t('secondFactor.setUp.codeHint')} />
            <button type="submit">{t('secondFactor.setUp.submit')}</button>
          </form>
          <p class="aside-note">
            <a href={realm.settings}>{t('secondFactor.setUp.back')}</a>
          </p>
        </div>
      </section>
    </FactorFrame>
  );
}
