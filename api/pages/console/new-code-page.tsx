import { languageNames, languages } from '../../i18n.js';
import { FormToken } from '../form-fields.js';
import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { QrCode } from '../qr-code.js';
import { CodeLetter, type LetterModel } from './code-letter.js';
import { ConsoleFrame } from './frame.js';
import { Styles } from './partners.js';

export interface NewCodeModel {
  codeId: string;
  partnerId: string;
  partnerName: string;
  /** Absent when the form was sent long before, or by somebody else: the code was shown then, and is kept nowhere. */
  letter?: LetterModel;
  /** Id of the code that this one took the place of. */
  replaces?: string;
}

/** The only page that ever shows a code. */
export function NewCodePage({ page, model }: { page: PageContext; model: NewCodeModel }) {
  const { t } = page;
  const { partnerId, partnerName, letter, replaces } = model;
  const back = (
    <a class="button outline" href={`/console/partners/${partnerId}`}>
      {t('partners.backTo', { name: partnerName })}
    </a>
  );
  if (!letter)
    return (
      <ConsoleFrame page={page} area="partners" title={t('partners.codeMadeAlready')} head={<Styles />}>
        <section class="card narrow">
          <p>{t('partners.codeMadeAlreadyText')}</p>
          {back}
        </section>
      </ConsoleFrame>
    );
  return (
    <ConsoleFrame page={page} area="partners" title={t('partners.codeMade')} head={<Styles />}>
      <section class="card new-code" aria-labelledby="code">
        <div>
          <Notice kind="info">
            <p>{t('partners.shownOnce')}</p>
          </Notice>
          {replaces && <p>{t('partners.replacedText')}</p>}
          <h2 id="code">{t('partners.codeFor', { name: partnerName })}</h2>
          <p>
            <code class="partner-code">{letter.code}</code>
          </p>
          <h3>{t('partners.link')}</h3>
          <p class="partner-link">{letter.link}</p>
        </div>
        <QrCode label={t('partners.qrLabel')} qr={letter.qr} />
      </section>
      <section class="letter-preview" aria-labelledby="letter-title">
        <h2 id="letter-title">{t('partners.letterTitle')}</h2>
        <p class="muted">{t('partners.letterLead')}</p>
        <LetterLanguage page={page} model={model} chosen={letter.language} />
        <CodeLetter letter={letter} />
      </section>
      <p class="on-screen">{back}</p>
    </ConsoleFrame>
  );
}

/** The same form once more: it makes no second code, and its answer shows the letter in another language. */
function LetterLanguage({ page, model, chosen }: { page: PageContext; model: NewCodeModel; chosen: string }) {
  const { t } = page;
  const { codeId, partnerId, replaces } = model;
  return (
    <form class="letter-language" method="post" action={`/console/partners/${partnerId}/codes`}>
      <FormToken page={page} />
      <input type="hidden" name="codeId" value={codeId} />
      {replaces && <input type="hidden" name="replaces" value={replaces} />}
      <label for="letterLanguage">{t('partners.letterLanguage')}</label>
      <select id="letterLanguage" name="letterLanguage">
        {languages.map((language) => (
          <option key={language} value={language} selected={language === chosen} lang={language}>
            {languageNames[language]}
          </option>
        ))}
      </select>
      <button type="submit" class="outline">
        {t('partners.showLetter')}
      </button>
    </form>
  );
}
