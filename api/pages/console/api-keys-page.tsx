import type { ListedApiKey } from '../../../db/api-keys.js';
import { dateFormat } from '../../formats.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { FieldErrors, PageContext } from '../models.js';
import { ErrorLinks } from './error-links.js';
import { Check, Input } from './fields.js';
import { ConsoleFrame, may } from './frame.js';
import { PlatformStyles } from './platform-styles.js';

export interface ApiKeysModel {
  keys: ListedApiKey[];
  /** Of the key that the form will make. */
  newId: string;
  scopes: string[];
  typed: Partial<Record<string, string>>;
  errors: FieldErrors;
  error?: string;
  done?: string;
}

interface PartProps {
  page: PageContext;
  model: ApiKeysModel;
}

export function ApiKeysPage({ page, model }: PartProps) {
  const { t } = page;
  return (
    <ConsoleFrame
      page={page}
      area="apiKeys"
      title={t('apiKeys.title')}
      lead={
        <>
          {t('apiKeys.lead')} <a href="/api/v1/openapi.json">{t('apiKeys.description')}</a>
        </>
      }
      done={model.done}
      error={model.error}
      scripts={['local-time']}
      head={<PlatformStyles />}
    >
      <ErrorLinks page={page} errors={model.errors} label={(field) => t(`apiKeys.fields.${fieldKey(field)}`)} />
      {model.keys.length === 0 ? (
        <p class="card">{t('apiKeys.none')}</p>
      ) : (
        <ul class="plain-list people">
          {model.keys.map((key) => (
            <Key key={key.id} page={page} shown={key} />
          ))}
        </ul>
      )}
      {may(page, 'admin') && <KeyForm page={page} model={model} />}
    </ConsoleFrame>
  );
}

const fieldKey = (field: string) => (field.startsWith('scope') ? 'scopes' : field);

function Key({ page, shown }: { page: PageContext; shown: ListedApiKey }) {
  const { t } = page;
  const { id, name, ending, scopes, createdBy, createdAt, expiresAt, revokedAt, lastUsedAt, state } = shown;
  return (
    <li class="card person">
      <div>
        <h2 class="item-title">{name}</h2>
        <p class="muted">
          <span class={state === 'usable' ? 'tag' : 'tag tag-attention'}>{t(`apiKeys.states.${state}`)}</span>
          <code>vst_…{ending}</code>
        </p>
        <p>{scopes.map((scope) => t(`apiKeys.scopes.${scope.replace(':', '_')}`)).join(' · ')}</p>
        <p class="muted">
          {t('apiKeys.madeBy', { email: createdBy })} <LocalTime page={page} at={createdAt.toISOString()} dateOnly />
          {' · '}
          {lastUsedAt ? (
            <>
              {t('apiKeys.lastUsed')} <LocalTime page={page} at={lastUsedAt.toISOString()} />
            </>
          ) : (
            t('apiKeys.neverUsed')
          )}
          {' · '}
          {revokedAt ? (
            <>
              {t('apiKeys.revokedAt')} <LocalTime page={page} at={revokedAt.toISOString()} />
            </>
          ) : expiresAt ? (
            // In words: keys end with a day, in UTC.
            t('apiKeys.expires', { day: lastDay(page, expiresAt) })
          ) : (
            t('apiKeys.neverExpires')
          )}
        </p>
      </div>
      {state !== 'revoked' && may(page, 'admin') && (
        <form method="post" action={`/console/api-keys/${id}/revoke`} class="inline-form">
          <FormToken page={page} />
          <button type="submit" class="outline warning">
            {t('apiKeys.revoke')}
            <span class="visually-hidden">: {name}</span>
          </button>
        </form>
      )}
    </li>
  );
}

const lastDay = ({ language }: PageContext, day: Date) =>
  dateFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(day);

function KeyForm({ page, model }: PartProps) {
  const { t } = page;
  const { newId, scopes, typed, errors } = model;
  return (
    <section class="card form-section reading-width spaced">
      <h2>{t('apiKeys.new')}</h2>
      <p class="muted">{t('apiKeys.newLead')}</p>
      <form method="post" action="/console/api-keys/new">
        <FormToken page={page} />
        <input type="hidden" name="keyId" value={newId} />
        <Input
          page={page}
          name="name"
          label={t('apiKeys.fields.name')}
          hint={t('apiKeys.hints.name')}
          value={typed.name}
          required
          errors={errors}
        />
        <fieldset>
          <legend>{t('apiKeys.fields.scopes')}</legend>
          {scopes.map((scope, index) => (
            <Check
              key={scope}
              page={page}
              name={`scope${index}`}
              label={t(`apiKeys.scopes.${scope.replace(':', '_')}`)}
              hint={scope}
              checked={!!typed[`scope${index}`]}
              errors={errors}
            />
          ))}
        </fieldset>
        <Input
          page={page}
          name="expiresOn"
          type="date"
          label={t('apiKeys.fields.expiresOn')}
          hint={t('apiKeys.hints.expiresOn')}
          value={typed.expiresOn}
          errors={errors}
        />
        <div class="actions">
          <button type="submit">{t('apiKeys.make')}</button>
        </div>
      </form>
    </section>
  );
}
