import type { AuditLine } from '../../../db/audit-log.js';
import type { PageContext } from '../models.js';
import { AuditEntry } from './audit-entry.js';
import { Input, Select } from './fields.js';
import { ConsoleFrame, may } from './frame.js';

export interface AuditModel {
  lines: AuditLine[];
  /** Where the list goes on. */
  next?: string;
  isFirst: boolean;
  staff: { id: string; email: string }[];
  filter: { staff?: string; action?: string; subject?: string };
}

interface PartProps {
  page: PageContext;
  model: AuditModel;
}

/** What actions begin with, in the order of the Console's areas. */
const groups = [
  'registration',
  'batch',
  'settings',
  'userType',
  'agreement',
  'partner',
  'partnerCode',
  'provider',
  'application',
  'user',
  'customer',
  'apiKey',
  'webhook',
  'staff',
];

export function AuditPage({ page, model }: PartProps) {
  const { t } = page;
  const { lines, next, isFirst, filter } = model;
  return (
    <ConsoleFrame page={page} area="audit" title={t('audit.title')} lead={t('audit.lead')} scripts={['local-time']}>
      <Filter page={page} model={model} />
      {lines.length === 0 && <p>{t('audit.none')}</p>}
      <ol class="plain-list audit-list">
        {lines.map((line) => (
          <AuditEntry key={line.id} page={page} line={line} />
        ))}
      </ol>
      <p class="row-actions">
        {!isFirst && <a href={address('/console/audit', filter)}>{t('audit.first')}</a>}
        {next && <a href={address('/console/audit', { ...filter, before: next })}>{t('audit.older')}</a>}
      </p>
    </ConsoleFrame>
  );
}

function Filter({ page, model: { staff, filter } }: PartProps) {
  const { t } = page;
  const isFiltered = Object.values(filter).some(Boolean);
  return (
    <form class="card filter-form" method="get" action="/console/audit">
      <div class="form-grid top">
        <Select
          page={page}
          name="staff"
          label={t('audit.filter.staff')}
          value={filter.staff}
          options={[
            ['', t('audit.filter.everybody')],
            ...staff.map(({ id, email }) => [id, email] as [string, string]),
          ]}
          class="third"
        />
        <Select
          page={page}
          name="action"
          label={t('audit.filter.action')}
          value={filter.action}
          options={actionOptions(page, filter.action)}
          class="third"
        />
        <Input page={page} name="subject" label={t('audit.filter.subject')} value={filter.subject} class="third" />
      </div>
      <div class="row-actions">
        <button type="submit" class="compact">
          {t('audit.filter.apply')}
        </button>
        {isFiltered && <a href="/console/audit">{t('audit.filter.reset')}</a>}
        {may(page, 'admin') && <a href={address('/console/audit/export', filter)}>{t('audit.export')}</a>}
      </div>
    </form>
  );
}

/** An action that came by the address and is no group is kept, so that it is not lost with the next search. */
function actionOptions({ t }: PageContext, chosen?: string): [string, string][] {
  const options = groups.map((group): [string, string] => [`${group}.`, t(`audit.groups.${group}`)]);
  const own: [string, string][] = chosen && !options.some(([value]) => value === chosen) ? [[chosen, chosen]] : [];
  return [['', t('audit.filter.everything')], ...options, ...own];
}

function address(path: string, query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
}
