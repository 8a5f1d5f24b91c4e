import { z } from 'zod';
import { parsePartnerList } from '../../../activities/providers/csv-file/parse-list.js';
import { recordAudit } from '../../../db/audit.js';
import { listUploadedAction, replaceList } from '../../../db/partner-provider.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields } from './console-request.js';
import type { ShowProvider } from './provider.js';
import { versionOf } from './typed-text.js';

const path = '/console/provider/list';
/** Bytes, as a form sends them: enough for the 20,000 partners that a list may have. */
const largestList = 2 * 1024 * 1024;

const listForm = z.strictObject({ ...formFields, version: z.string().max(20), list: z.string() });

/** The partner list of the plugin csv-file: an upload takes the place of the whole list, or of nothing. */
export function providerListRoutes({ services: { db, keys }, secure }: Wiring, show: ShowProvider): Route[] {
  async function upload(ctx: Context) {
    const { version, list: text } = bodyOf(ctx, listForm);
    const { rows, errors: found } = parsePartnerList(text);
    const errors = found.length > 0 || rows.length > 0 ? found : [{ line: 1, code: 'noRows' }];
    if (errors.length > 0) return show(ctx, { list: { errors, text }, error: 'invalidFields' }, 400);
    const isReplaced = await db.transaction(async (trx) => {
      if (!(await replaceList(trx, keys, versionOf(version), rows))) return false;
      const entry = { action: listUploadedAction, subjectType: 'provider', subject: 'list' } as const;
      await recordAudit(trx, { ...auditOf(ctx), ...entry, after: { partners: rows.length } });
      return true;
    });
    if (!isReplaced) return show(ctx, { list: { errors: [], text }, error: 'staleEdit' }, 409);
    done(ctx, '/console/provider', 'listReplaced', secure);
  }

  const page = { kind: 'page', path } as const;
  return [
    { ...page, method: 'post', audience: 'staff-admin', body: listForm, bodyLimit: largestList, handle: upload },
    // Where choosing another language leads from a list that was not taken.
    { ...page, method: 'get', audience: 'staff-viewer', handle: (ctx) => seeOther(ctx, '/console/provider') },
  ];
}
