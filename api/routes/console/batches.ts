import { z } from 'zod';
import { recordAudit } from '../../../db/audit.js';
import { type BatchSummary, createBatch, findBatch, recentBatches, statesOfBatch } from '../../../db/batches.js';
import type { RegistrationFilter } from '../../../db/registration-list.js';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { BatchesPage, type BatchModel, BatchPage } from '../../pages/console/batch.js';
import { rowsOnPage, type TypedFilter } from '../../pages/console/registrations-model.js';
import { retryStates } from '../../registration-states.js';
import { showPage } from '../../show-page.js';
import { fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields } from './console-request.js';
import { filterFields, judgeFilter } from './registration-filter.js';
import { showList } from './registration-list-page.js';
import { takeDone } from './take-done.js';
import { line, pathId } from './typed-text.js';

/** Batches on the page that lists them. */
const mostListed = 50;
const longestReason = 300;
const reasonText = line(longestReason);

/** A name for each box of a page of the list: of equal names a form may carry one (security.md V2). */
const pickNames = Array.from({ length: rowsOnPage }, (_, index) => `pick${index + 1}`);
const batchForm = z.strictObject({
  ...formFields,
  ...filterFields,
  ...Object.fromEntries(pickNames.map((name) => [name, z.string().max(20).optional()])),
  batchId: z.uuid('invalid'),
  scope: z.enum(['selected', 'all']),
  reason: z.string().max(4_000, 'tooLong').optional(),
});
type Choice = { filter: RegistrationFilter } | { references: string[] };

/** RETRY for many registrations at once: asked for here, sent by the workflow `retryBatch`, watched here. */
export function batchRoutes({ services, secure }: Wiring): Route[] {
  const { db, engine, log } = services;

  async function create(ctx: Context) {
    const form = bodyOf(ctx, batchForm);
    const typed = typedIn(form);
    const again = (shown: object, status: number) =>
      showList(ctx, { db, secure }, { typed, reason: form.reason, ...shown }, status);
    const reason = reasonText.safeParse(form.reason ?? '');
    if (!reason.success) return again({ errors: { reason: fieldErrors(reason.error)[''] ?? 'invalid' } }, 400);
    const choice = chosen(form, typed);
    if (!choice) return again({}, 400);
    if ('references' in choice && choice.references.length === 0) return again({ problem: 'nothingSelected' }, 400);
    const total = await store(ctx, form.batchId, choice, reason.data);
    if (total === 0) return again({ problem: 'nothing' }, 409);
    // Temporal may be away: then the reconciler starts it.
    await engine.serve('retryBatch', form.batchId).catch((error) => {
      log.warn({ err: error, batch: form.batchId }, 'the engine did not take a batch; it is taken up later');
    });
    done(ctx, `/console/batches/${form.batchId}`, 'batch', secure);
  }

  /** How many registrations it has; undefined for the second of two clicks. */
  const store = (ctx: Context, id: string, choice: Choice, reason: string) =>
    db.transaction(async (trx) => {
      const { staffId, source } = auditOf(ctx);
      const total = await createBatch(trx, { id, staffId, reason, choice, states: retryStates });
      if (!total) return total;
      const entry = { action: 'batch.started', subjectType: 'batch', subject: id } as const;
      await recordAudit(trx, { staffId, source, ...entry, after: { total, ...told(choice) }, reason });
      return total;
    });

  async function show(ctx: Context) {
    const batch = await findBatch(db, pathId(ctx));
    assertThat(batch, 'notFound');
    const states = await statesOfBatch(db, batch.id);
    showPage(ctx, BatchPage, { batch: presentBatch(batch), states, done: takeDone(ctx, secure) });
  }

  async function list(ctx: Context) {
    const batches = await recentBatches(db, mostListed);
    showPage(ctx, BatchesPage, { batches: batches.map(presentBatch) });
  }

  const read = { kind: 'page', method: 'get', audience: 'staff-viewer' } as const;
  return [
    { ...read, path: '/console/batches', handle: list },
    { ...read, path: '/console/batches/:id', handle: show },
    {
      kind: 'page',
      method: 'post',
      audience: 'staff-operator',
      path: '/console/batches',
      body: batchForm,
      handle: create,
    },
  ];
}

type Form = z.output<typeof batchForm>;

const typedIn = (form: Form): TypedFilter =>
  Object.fromEntries(
    Object.keys(filterFields).flatMap((name) => {
      const text = form[name as keyof typeof filterFields];
      return text ? [[name, text]] : [];
    }),
  );

/** Undefined when the filter is not understood: a wrong one must not become all registrations there are. */
function chosen(form: Form, typed: TypedFilter): Choice | undefined {
  if (form.scope === 'selected') {
    const picked = pickNames.map((name) => (form as Record<string, unknown>)[name]);
    return { references: picked.filter((reference): reference is string => typeof reference === 'string') };
  }
  const judged = judgeFilter(typed);
  return 'filter' in judged ? judged : undefined;
}

/** For the audit log: what was asked for, without the e-mail or company that was looked for. */
function told(choice: Choice): object {
  if ('references' in choice) return { chosen: 'selected' };
  const { kind, state, stuckHours, email, company, reference } = choice.filter;
  return { chosen: 'all', kind, state, stuckHours, reference, byEmail: Boolean(email), byCompany: Boolean(company) };
}

const presentBatch = ({ id, reason, staff, createdAt, finishedAt, total, sent }: BatchSummary): BatchModel => ({
  id,
  reason: reason ?? undefined,
  staff,
  createdAt: createdAt.toISOString(),
  finishedAt: finishedAt?.toISOString(),
  total,
  sent,
});
