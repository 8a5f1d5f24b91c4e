import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { may } from './frame.js';
import { Fact } from './registration-detail-fact.js';
import type { RegistrationDetailModel } from './registration-detail-model.js';

type Props = { page: PageContext; model: RegistrationDetailModel };

/** What is known of the person; masked, until somebody who may asks for it (security.md A15). */
export function Person({ page, model }: Props) {
  const { t } = page;
  const { person, language } = model;
  return (
    <section class="card" aria-labelledby="person-title">
      <h2 id="person-title">{t('registrations.person.title')}</h2>
      <Privacy page={page} model={model} />
      <dl class="record-facts">
        {person.email && (
          <Fact label={t('fields.email')}>
            <span class="address">{person.email}</span>
          </Fact>
        )}
        {person.answers.map(({ name, text }) => (
          <Fact key={name} label={t(`fields.${name}`)}>
            {text}
          </Fact>
        ))}
        {person.hasCode && <Fact label={t('registrations.person.code')}>{t('registrations.person.codeGiven')}</Fact>}
        {person.partner && (
          <Fact label={t('registrations.person.partner')}>
            <a href={`/console/partners/${person.partner.id}`}>{person.partner.name}</a>
          </Fact>
        )}
        <Fact label={t('registrations.person.language')}>{t(`registrations.person.languages.${language}`)}</Fact>
        <Fact label={t('registrations.person.proven')}>
          {person.provenAt ? <LocalTime page={page} at={person.provenAt} /> : t('registrations.person.notProven')}
        </Fact>
        {person.savedAt && (
          <Fact label={t('registrations.person.savedAt')}>
            <LocalTime page={page} at={person.savedAt} />
          </Fact>
        )}
        {!model.endedAt && <Fact label={t('registrations.person.links')}>{person.links}</Fact>}
      </dl>
    </section>
  );
}

function Privacy({ page, model: { person, reference } }: Props) {
  const { t } = page;
  if (person.isErased) return <p class="muted">{t('registrations.person.erased')}</p>;
  if (person.isRevealed) return <p class="muted">{t('registrations.person.revealed')}</p>;
  return (
    <>
      <p class="muted">{t('registrations.person.masked')}</p>
      {may(page, 'operator') && (
        <form method="post" action={`/console/registrations/${reference}/reveal`} class="inline-form">
          <FormToken page={page} />
          <button type="submit" class="outline" aria-describedby="reveal-hint">
            {t('registrations.person.reveal')}
          </button>
          <span class="muted" id="reveal-hint">
            {t('registrations.person.revealHint')}
          </span>
        </form>
      )}
    </>
  );
}
