/** What programs of the host platform read, with an API key. */
import type { z } from 'zod';
import { pendingAgreements } from '../../../db/agreements.js';
import type { ApiScope } from '../../../db/api-keys.js';
import {
  findForPlatform,
  findRegistrationForPlatform,
  type Listed,
  type ListedTable,
  type ListQuery,
  listForPlatform,
} from '../../../db/platform-lists.js';
import { sendTagged } from '../../entity-tag.js';
import { assertThat, RequestError } from '../../errors.js';
import type { Context, Route } from '../../http.js';
import { pathId } from '../console/typed-text.js';
import { fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import {
  cursorOf,
  customer,
  listQuery,
  pageOf,
  partner,
  pendingBody,
  registration,
  user,
  userQuery,
} from './schema.js';

const subjects: { table: ListedTable; what: string; one: string; query: z.ZodObject; item: z.ZodObject }[] = [
  { table: 'users', what: 'Users', one: 'A user', query: userQuery, item: user },
  { table: 'customers', what: 'Customers', one: 'A customer', query: listQuery, item: customer },
  { table: 'partners', what: 'Partners', one: 'A partner', query: listQuery, item: partner },
];

export const platformRoutes = (wiring: Wiring): Route[] => [
  ...subjects.flatMap((subject) => listRoutes(wiring, subject)),
  registrationRoute(wiring),
  pendingAgreementsRoute(wiring),
];

const machine = (scope: ApiScope) => ({ kind: 'api', method: 'get', audience: 'machine', scope }) as const;
const unchanged = { 304: { description: 'The same as the answer whose tag `If-None-Match` names' } };

function listRoutes(
  { services: { db } }: Wiring,
  { table, what, one, query, item }: (typeof subjects)[number],
): Route[] {
  const path = `/api/v1/${table}`;

  async function list(ctx: Context) {
    const parsed = query.safeParse(ctx.query);
    if (!parsed.success) throw new RequestError('invalidFields', { fields: fieldErrors(parsed.error) });
    const asked = parsed.data as unknown as ListQuery;
    const rows = await listForPlatform(db, table, asked);
    const items = rows.slice(0, asked.limit);
    const next = rows.length > asked.limit ? cursorOf(items.at(-1)!) : null;
    if (next) {
      const onward = new URLSearchParams({ ...(ctx.query as Record<string, string>), after: next });
      ctx.set('Link', `<${path}?${onward}>; rel="next"`);
    }
    sendTagged(ctx, { items: items.map(present), next });
  }

  async function show(ctx: Context) {
    const found = await findForPlatform(db, table, pathId(ctx));
    assertThat(found, 'notFound');
    sendTagged(ctx, present(found));
  }

  const read = machine(`${table}:read`);
  return [
    {
      ...read,
      path,
      summary: `${what}, in the order in which they changed`,
      query,
      responses: { 200: { description: 'A page', body: pageOf(item) }, ...unchanged },
      handle: list,
    },
    {
      ...read,
      path: `${path}/:id`,
      summary: `${one} by its id`,
      responses: { 200: { description: one, body: item }, ...unchanged },
      handle: show,
    },
  ];
}

function registrationRoute({ services: { db } }: Wiring): Route {
  async function show(ctx: Context) {
    const found = await findRegistrationForPlatform(db, ctx.params.reference ?? '');
    assertThat(found, 'notFound');
    sendTagged(ctx, found);
  }
  return {
    ...machine('registrations:read'),
    path: '/api/v1/registrations/:reference',
    summary: 'A registration by its reference, as webhooks name it',
    responses: { 200: { description: 'The registration', body: registration }, ...unchanged },
    handle: show,
  };
}

/** The host platform may have asked a person to log in here first, and wants to know whether that is worth it. */
function pendingAgreementsRoute({ services: { db } }: Wiring): Route {
  async function show(ctx: Context) {
    const id = pathId(ctx);
    assertThat(await findForPlatform(db, 'users', id), 'notFound');
    const items = await pendingAgreements(db, id);
    sendTagged(ctx, { items: items.map(({ body: _, ...agreement }) => agreement) });
  }
  return {
    ...machine('users:read'),
    path: '/api/v1/users/:id/pending-agreements',
    summary: 'What a user still has to accept, which they are asked for at their next login',
    responses: { 200: { description: 'Agreements, none if all is accepted', body: pendingBody }, ...unchanged },
    handle: show,
  };
}

/** Without the place in the list, which the cursor tells. */
const present = ({ changed: _, ...shown }: Listed) => shown;
