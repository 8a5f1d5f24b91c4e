import type { AgreementDraft } from '../../../db/agreement-drafts.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { FieldErrors, PageContext } from '../models.js';
import { ErrorLinks } from './error-links.js';
import { Check, Input, TextArea } from './fields.js';
import { ConsoleFrame } from './frame.js';

export interface AgreementDraftModel {
  draft: AgreementDraft;
  languages: string[];
  /** Fields as typed or as saved: `title-en`, `body-en`, … */
  form: Partial<Record<string, string>>;
  errors: FieldErrors;
  error?: string;
  done?: string;
}

interface PartProps {
  page: PageContext;
  model: AgreementDraftModel;
}

export function AgreementDraftPage({ page, model }: PartProps) {
  const { t } = page;
  const { draft, errors } = model;
  const label = (name: string) => {
    const [field = '', language] = name.split('-');
    const words = t(`agreementsConsole.fields.${field}`);
    return language ? `${words} (${t(`agreementsConsole.languages.${language}`)})` : t('agreementsConsole.for');
  };
  return (
    <ConsoleFrame
      page={page}
      area="agreementsConsole"
      title={t('agreementsConsole.draftTitle', { document: t(`agreements.${draft.document}`) })}
      done={model.done}
      error={model.error}
      scripts={['local-time']}
    >
      <ErrorLinks page={page} errors={errors} label={label} />
      <p>
        <a href="/console/agreements">{t('agreementsConsole.back')}</a>
      </p>
      <p class="muted">
        {t('agreementsConsole.changedAt')} <LocalTime page={page} at={draft.updatedAt.toISOString()} />
      </p>
      <DraftForm page={page} model={model} />
      <section class="aside-card reading-width">
        <h2>{t('agreementsConsole.discardTitle')}</h2>
        <form method="post" action={`/console/agreements/drafts/${draft.id}/delete`}>
          <FormToken page={page} />
          <input type="hidden" name="version" value={draft.version} />
          <p>{t('agreementsConsole.discardText')}</p>
          <button type="submit" class="danger compact">
            {t('agreementsConsole.discard')}
          </button>
        </form>
      </section>
    </ConsoleFrame>
  );
}

function DraftForm({ page, model }: PartProps) {
  const { t } = page;
  const { draft, form, errors, languages } = model;
  return (
    <form method="post" action={`/console/agreements/drafts/${draft.id}`}>
      <FormToken page={page} />
      <input type="hidden" name="version" value={form.version} />
      <fieldset class="card">
        <legend>{t('agreementsConsole.for')}</legend>
        <Check
          page={page}
          name="forCustomer"
          label={t('agreementsConsole.kinds.customer')}
          checked={!!form.forCustomer}
          errors={errors}
        />
        <Check page={page} name="forPartner" label={t('agreementsConsole.kinds.partner')} checked={!!form.forPartner} />
      </fieldset>
      {languages.map((language) => (
        <fieldset key={language} class="card">
          <legend>{t(`agreementsConsole.languages.${language}`)}</legend>
          <p class="muted">
            {t(language === 'en' ? 'agreementsConsole.englishHint' : 'agreementsConsole.languageHint')}
          </p>
          <Input
            page={page}
            name={`title-${language}`}
            label={t('agreementsConsole.fields.title')}
            value={form[`title-${language}`]}
            errors={errors}
          />
          <TextArea
            page={page}
            name={`body-${language}`}
            label={t('agreementsConsole.fields.body')}
            hint={t('agreementsConsole.bodyHint')}
            value={form[`body-${language}`]}
            rows={16}
            errors={errors}
          />
        </fieldset>
      ))}
      <div class="actions">
        <button type="submit">{t('agreementsConsole.saveDraft')}</button>
      </div>
    </form>
  );
}
