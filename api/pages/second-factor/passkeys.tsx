import type { ListedPasskey } from '../../../db/passkeys.js';
import { FormToken, TextField } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { PasskeyForm } from './passkey-form.js';

interface PartProps {
  page: PageContext;
  /** Path of the settings. */
  base: string;
  passkeys: ListedPasskey[];
  /** Whether anything can be changed now. */
  isFresh: boolean;
  /** Whether one more may be added. */
  hasRoom: boolean;
}

/** The passkeys there are, to rename and remove, and a form for one more. */
export function Passkeys({ page, base, passkeys, isFresh, hasRoom }: PartProps) {
  const { t } = page;
  const isOn = passkeys.length > 0;
  return (
    <section class="card form-section" aria-labelledby="passkeys">
      <h2 id="passkeys">
        {t('secondFactor.passkeys.title')} <span class="tag">{t(isOn ? 'secondFactor.on' : 'secondFactor.off')}</span>
      </h2>
      <p class="muted">{t('secondFactor.passkeys.lead')}</p>
      {isOn && (
        <ul class="passkeys">
          {passkeys.map((passkey) => (
            <OnePasskey key={passkey.id} page={page} base={base} passkey={passkey} isFresh={isFresh} />
          ))}
        </ul>
      )}
      {isFresh && hasRoom && (
        <PasskeyForm
          page={page}
          ceremony="registration"
          action={`${base}/passkeys`}
          options={`${base}/passkeys/options`}
          submit={t('secondFactor.passkeys.add')}
          isOutline
        >
          <TextField page={page} name="passkeyName" optional hint={t('secondFactor.passkeys.nameHint')} />
        </PasskeyForm>
      )}
    </section>
  );
}

interface OneProps {
  page: PageContext;
  base: string;
  passkey: ListedPasskey;
  isFresh: boolean;
}

function OnePasskey({ page, base, passkey, isFresh }: OneProps) {
  const { t } = page;
  const { id, name, createdAt, lastUsedAt } = passkey;
  return (
    <li>
      <p>
        <strong>{name}</strong>
        <span class="muted line">
          {t('secondFactor.passkeys.since')} <LocalTime page={page} at={createdAt.toISOString()} dateOnly />
          {lastUsedAt && (
            <>
              {', '}
              {t('secondFactor.passkeys.lastUsed')} <LocalTime page={page} at={lastUsedAt.toISOString()} dateOnly />
            </>
          )}
        </span>
      </p>
      {isFresh && (
        <div class="factor-actions">
          <form class="passkey-rename" method="post" action={`${base}/passkeys/${id}/rename`} data-check>
            <FormToken page={page} />
            <input
              // Preact's types tell a plain field from a combobox by this.
              list={undefined}
              type="text"
              name="passkeyName"
              value={name}
              required
              maxLength={60}
              autocomplete="off"
              aria-label={t('secondFactor.passkeys.nameOf', { name })}
            />
            <button type="submit" class="outline">
              {t('secondFactor.passkeys.rename')}
            </button>
          </form>
          <form method="post" action={`${base}/passkeys/${id}/remove`} data-check>
            <FormToken page={page} />
            <button type="submit" class="outline warning">
              {t('secondFactor.passkeys.remove')}
              <span class="visually-hidden">: {name}</span>
            </button>
          </form>
        </div>
      )}
    </li>
  );
}
