import { z } from 'zod';
import { type AuditFilter, type AuditLine, listAudit } from '../../../db/audit-log.js';
import { listStaff } from '../../../db/staff.js';
import { sendCsv } from '../../csv.js';
import type { Context, Route } from '../../http.js';
import { AuditPage } from '../../pages/console/audit-page.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';

const list = '/console/audit';
const pageSize = 50;
/** Rows of an export that are in memory at a time. */
const exportSize = 1_000;

/** A filter that makes no sense filters nothing; a form without script sends the empty ones, too. */
const filterQuery = z.object({
  staff: z.uuid().optional().catch(undefined),
  action: z
    .string()
    .regex(/^[a-zA-Z]{1,40}\.[a-zA-Z]{0,40}$/)
    .optional()
    .catch(undefined),
  subject: z
    .string()
    .transform((text) => text.trim())
    .refine((text) => /^[\w-]{1,64}$/.test(text))
    // A reference is read out on the phone, and typed as it is heard.
    .transform((text) => (/^rg-/i.test(text) ? text.toUpperCase() : text))
    .optional()
    .catch(undefined),
  before: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional()
    .catch(undefined),
});

/** The audit log: who did what to what, when, from where and why (security.md A18). Nothing here changes it. */
export function auditRoutes({ services: { db } }: Wiring): Route[] {
  async function show(ctx: Context) {
    const { before, ...query } = filterQuery.parse(ctx.query);
    const [found, staff] = await Promise.all([
      listAudit(db, filterOf(query), { before, limit: pageSize + 1 }),
      listStaff(db),
    ]);
    const lines = found.slice(0, pageSize);
    const next = found.length > pageSize ? lines.at(-1)?.id : undefined;
    const people = staff.map(({ id, email }) => ({ id, email }));
    showPage(ctx, AuditPage, { lines, next, isFirst: !before, staff: people, filter: query });
  }

  /** A download by GET: it changes nothing, and holds nobody's address but staff's. */
  function exportLines(ctx: Context) {
    const { before, ...query } = filterQuery.parse(ctx.query);
    const head = ['at', 'actor', 'action', 'subject_type', 'subject', 'reason', 'source', 'before', 'after'];
    sendCsv(ctx, 'audit-log', head, exportPages(filterOf(query)));
  }

  async function* exportPages(filter: AuditFilter) {
    for (let before: string | undefined, size = exportSize; size === exportSize; ) {
      const lines = await listAudit(db, filter, { before, limit: exportSize });
      yield lines.map(exported);
      size = lines.length;
      before = lines.at(-1)?.id;
    }
  }

  const page = { kind: 'page', method: 'get' } as const;
  return [
    { ...page, path: list, audience: 'staff-viewer', handle: show },
    { ...page, path: `${list}/export`, audience: 'staff-admin', handle: exportLines },
  ];
}

const filterOf = ({ staff, ...rest }: z.output<typeof filterQuery>): AuditFilter => ({ staffId: staff, ...rest });

const exported = (line: AuditLine): string[] => [
  line.at.toISOString(),
  line.actor,
  line.action,
  line.subjectType,
  line.subject,
  line.reason ?? '',
  line.source ?? '',
  line.before ? JSON.stringify(line.before) : '',
  line.after ? JSON.stringify(line.after) : '',
];
