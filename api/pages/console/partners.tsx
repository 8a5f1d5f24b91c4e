import { countryName } from '../../formats.js';
import type { PageContext } from '../models.js';
import { Input } from './fields.js';
import { ConsoleFrame, may } from './frame.js';

export interface PartnersModel {
  prefix: string;
  partners: {
    id: string;
    name: string;
    city: string | null;
    country: string | null;
    origin: string;
    users: number;
    codes: number;
    disabled: boolean;
  }[];
  /** Of the next page, if there is one. */
  next?: string;
  /** This is not the first page. */
  later: boolean;
}

export function PartnersPage({ page, model }: { page: PageContext; model: PartnersModel }) {
  const { t } = page;
  const { prefix, partners, next, later } = model;
  const first = prefix ? `/console/partners?name=${encodeURIComponent(prefix)}` : '/console/partners';
  return (
    <ConsoleFrame page={page} area="partners" title={t('partners.title')} lead={t('partners.lead')} head={<Styles />}>
      <div class="toolbar">
        <form class="toolbar-search" method="get" action="/console/partners">
          <Input page={page} name="name" label={t('partners.search')} value={prefix} />
          <button type="submit" class="outline">
            {t('partners.searchSubmit')}
          </button>
        </form>
        {may(page, 'admin') && (
          <a class="button" href="/console/partners/new">
            {t('partners.new')}
          </a>
        )}
      </div>
      {partners.length > 0 ? (
        <PartnerTable page={page} partners={partners} />
      ) : (
        <p class="card">{t(prefix || later ? 'partners.noneFound' : 'partners.none')}</p>
      )}
      <nav class="pager" aria-label={t('partners.pages')}>
        {later && <a href={first}>{t('partners.firstPage')}</a>}
        {next && (
          <a href={`/console/partners?${new URLSearchParams({ ...(prefix ? { name: prefix } : {}), after: next })}`}>
            {t('partners.nextPage')}
          </a>
        )}
      </nav>
    </ConsoleFrame>
  );
}

function PartnerTable({ page, partners }: { page: PageContext; partners: PartnersModel['partners'] }) {
  const { t, language } = page;
  return (
    <div class="card table-card">
      <table class="stacking">
        <thead>
          <tr>
            <th scope="col">{t('partners.name')}</th>
            <th scope="col">{t('partners.place')}</th>
            <th scope="col">{t('partners.origin')}</th>
            <th scope="col" class="number">
              {t('partners.users')}
            </th>
            <th scope="col" class="number">
              {t('partners.usableCodes')}
            </th>
          </tr>
        </thead>
        <tbody>
          {partners.map(({ id, name, city, country, origin, users, codes, disabled }) => (
            <tr key={id}>
              <th scope="row">
                <a href={`/console/partners/${id}`}>{name}</a>{' '}
                {disabled && <span class="tag tag-attention">{t('partners.disabled')}</span>}
              </th>
              <td data-label={t('partners.place')}>
                {[city, country && countryName(language, country)].filter(Boolean).join(', ') || '–'}
              </td>
              <td data-label={t('partners.origin')}>{t(`partners.origins.${origin}`)}</td>
              <td class="number" data-label={t('partners.users')}>
                {users}
              </td>
              <td class="number" data-label={t('partners.usableCodes')}>
                {codes}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What only the pages of partners and their provider need. */
export const Styles = () => <link rel="stylesheet" href="/assets/partners.css" />;
