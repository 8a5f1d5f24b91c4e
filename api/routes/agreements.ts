import { z } from 'zod';
import { agreementVersion, currentAgreements } from '../../db/agreements.js';
import { assertThat } from '../errors.js';
import type { Context, Route } from '../http.js';
import { languages } from '../i18n.js';
import { AgreementPage } from '../pages/agreement-page.js';
import { showPage } from '../show-page.js';
import type { Wiring } from './wiring.js';

export const agreement = z.strictObject({
  versionId: z.uuid(),
  document: z.enum(['terms', 'privacy']),
  version: z.int(),
  language: z.string(),
  title: z.string(),
  body: z.string(),
});
/** Whom the agreements are for; customers, where nothing is said. */
const kind = z.enum(['customer', 'partner']).optional();
/** `language`: in which a version was accepted, whichever language the page is in. */
const versionQuery = z.object({ version: z.uuid().optional(), language: z.enum(languages).optional(), kind });
const kindQuery = z.object({ kind });

/** The published agreements, for everyone to read. */
export function agreementRoutes({ services: { db } }: Wiring): Route[] {
  async function show(ctx: Context) {
    const { language } = ctx.state;
    const query = versionQuery.safeParse(ctx.query);
    assertThat(query.success, 'notFound');
    const { version, language: chosen, kind } = query.data;
    const found = version
      ? await agreementVersion(db, version, chosen ?? language)
      : (await currentAgreements(db, chosen ?? language, kind)).find(
          ({ document }) => document === ctx.params.document,
        );
    assertThat(found && found.document === ctx.params.document, 'notFound');
    showPage(ctx, AgreementPage, found);
  }

  async function list(ctx: Context) {
    const query = kindQuery.safeParse(ctx.query);
    assertThat(query.success, 'badRequest');
    ctx.body = await currentAgreements(db, ctx.state.language, query.data.kind);
  }

  return [
    { kind: 'page', method: 'get', path: '/agreements/:document', audience: 'public', handle: show },
    {
      kind: 'api',
      method: 'get',
      path: '/api/v1/agreements',
      audience: 'public',
      summary:
        'The current version of each agreement, in the language of Accept-Language, for customers or `?kind=partner`',
      query: kindQuery,
      responses: { 200: { description: 'The agreements', body: z.array(agreement) } },
      handle: list,
    },
  ];
}
