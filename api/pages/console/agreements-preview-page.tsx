import type { AgreementDraft } from '../../../db/agreement-drafts.js';
import { AgreementText } from '../agreement-text.js';
import { FormToken } from '../form-fields.js';
import type { FieldErrors, PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { inOrder, Kinds } from './agreements-page.js';
import { Check } from './fields.js';
import { ConsoleFrame, may } from './frame.js';

export interface AgreementPreviewModel {
  draft: AgreementDraft;
  /** Number it gets if it is published now. */
  number: number;
  /** Why it cannot be published. */
  missing?: 'english' | 'half';
  errors: FieldErrors;
  error?: string;
  done?: string;
}

interface PartProps {
  page: PageContext;
  model: AgreementPreviewModel;
}

export function AgreementPreviewPage({ page, model }: PartProps) {
  const { t } = page;
  const { draft, number, missing } = model;
  return (
    <ConsoleFrame
      page={page}
      area="agreementsConsole"
      title={t('agreementsConsole.previewTitle', { document: t(`agreements.${draft.document}`) })}
      done={model.done}
      error={model.error}
    >
      <p class="row-actions">
        <a href="/console/agreements">{t('agreementsConsole.back')}</a>
        {may(page, 'admin') && (
          <a href={`/console/agreements/drafts/${draft.id}`}>{t('agreementsConsole.editAgain')}</a>
        )}
      </p>
      <p class="lead">
        {t('agreementsConsole.previewLead')} <Kinds page={page} kinds={draft.kinds} />
      </p>
      {missing && (
        <Notice kind="info">
          <p>{t(`agreementsConsole.missing.${missing}`)}</p>
        </Notice>
      )}
      {inOrder(draft.texts).map(([language, { title, body }]) => (
        <article key={language} class="card reading" lang={language}>
          <p class="muted" lang={page.language}>
            {t(`agreementsConsole.languages.${language}`)}
          </p>
          <h2 class="document-title">{title || t('agreementsConsole.noTitle')}</h2>
          <p class="muted">{t('agreements.version', { version: number })}</p>
          <AgreementText body={body} heading="h3" />
        </article>
      ))}
      {may(page, 'admin') && !missing && <Publishing page={page} model={model} />}
    </ConsoleFrame>
  );
}

function Publishing({ page, model }: PartProps) {
  const { t } = page;
  const { draft, number, errors } = model;
  return (
    <section class="card reading">
      <h2>{t('agreementsConsole.publishTitle', { number })}</h2>
      <ul>
        <li>{t('agreementsConsole.publishEffects.immutable')}</li>
        <li>{t('agreementsConsole.publishEffects.open')}</li>
        <li>{t('agreementsConsole.publishEffects.users')}</li>
      </ul>
      <form method="post" action={`/console/agreements/drafts/${draft.id}/publish`}>
        <FormToken page={page} />
        <input type="hidden" name="version" value={draft.version} />
        <Check page={page} name="confirm" label={t('agreementsConsole.confirm')} errors={errors} />
        <button type="submit">{t('agreementsConsole.publish', { number })}</button>
      </form>
    </section>
  );
}
