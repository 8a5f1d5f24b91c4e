import type { ComponentChildren } from 'preact';
import { FormToken } from '../form-fields.js';
import type { PageContext } from '../models.js';

interface FormProps {
  page: PageContext;
  ceremony: 'registration' | 'authentication';
  /** Where the form goes with the browser's answer, and where the script asks what the browser is to do. */
  action: string;
  options: string;
  submit: string;
  isOutline?: boolean;
  children?: ComponentChildren;
}

/** A form that a script fills with what the browser says about a passkey; without script there is nothing to send. */
export function PasskeyForm({ page, ceremony, action, options, submit, isOutline, children }: FormProps) {
  const { t } = page;
  return (
    <>
      <form
        class="with-script"
        method="post"
        action={action}
        data-passkey={ceremony}
        data-options={options}
        data-words-unsupported={t('secondFactor.passkeys.unsupported')}
        data-words-cancelled={t('secondFactor.passkeys.cancelled')}
        data-words-known={t('secondFactor.passkeys.known')}
        data-words-failed={t('secondFactor.passkeys.failed')}
      >
        <FormToken page={page} />
        <input type="hidden" name="passkey" value="" />
        {children}
        <p class="field-error" role="alert" data-said hidden />
        <button type="submit" class={isOutline ? 'outline' : undefined}>
          {submit}
        </button>
      </form>
      <p class="without-script muted">{t('secondFactor.passkeys.withoutScript')}</p>
    </>
  );
}
