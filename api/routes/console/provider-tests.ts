import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { partnerFields } from '../../../activities/providers/mapping.js';
import { recordAudit } from '../../../db/audit.js';
import { createProviderTest, findProviderTest, type ProviderTest } from '../../../db/partner-provider.js';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { type ProviderTestModel, ProviderTestPage } from '../../pages/console/provider-test.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { auditOf, formFields } from './console-request.js';
import { isId } from './partner-page.js';
import type { ShowProvider } from './provider.js';
import { line } from './typed-text.js';

const path = '/console/provider/tests';
const testForm = z.strictObject({ ...formFields, code: z.string().max(1_000) });
const sampleCode = line(64).refine((code) => code !== '', 'required');

/** Milliseconds: a provider has ten seconds to answer; somebody waits in front of the page meanwhile. */
const answerWithin = 12_000;
const askEvery = 200;
/** After this long nobody is working on it. */
const givenUpAfter = 60_000;

/** "Test provider": asks with a sample code as a registration would, and makes no partner (security.md F6). */
export function providerTestRoutes({ services }: Wiring, show: ShowProvider): Route[] {
  const { db, keys, engine, log } = services;

  async function start(ctx: Context) {
    const code = sampleCode.safeParse(bodyOf(ctx, testForm).code);
    if (!code.success) {
      const [issue] = code.error.issues;
      return show(ctx, { errors: { code: issue?.message ?? 'invalid' }, error: 'invalidFields' }, 400);
    }
    const { staffId } = auditOf(ctx);
    const id = await db.transaction(async (trx) => {
      const subject = await createProviderTest(trx, keys, { code: code.data, staffId });
      await recordAudit(trx, { ...auditOf(ctx), action: 'provider.tested', subjectType: 'provider', subject });
      return subject;
    });
    try {
      await engine.serve('providerTest', id);
    } catch (error) {
      log.warn({ err: error }, 'the engine did not take a test of the provider');
      return show(ctx, { engineAway: true }, 503);
    }
    await finished(id);
    seeOther(ctx, `${path}/${id}`);
  }

  async function finished(id: string): Promise<void> {
    for (const end = Date.now() + answerWithin; Date.now() < end; await pause(askEvery))
      if ((await findProviderTest(db, id))?.finished_at) return;
  }

  async function showTest(ctx: Context) {
    const { id } = ctx.params;
    const test = isId(id) ? await findProviderTest(db, id) : undefined;
    assertThat(test, 'notFound');
    showPage(ctx, ProviderTestPage, presentTest(test));
  }

  const page = { kind: 'page' } as const;
  return [
    { ...page, method: 'post', path, audience: 'staff-operator', body: testForm, handle: start },
    // Where choosing another language leads from a test that could not be started.
    { ...page, method: 'get', path, audience: 'staff-viewer', handle: (ctx) => seeOther(ctx, '/console/provider') },
    { ...page, method: 'get', path: `${path}/:id`, audience: 'staff-viewer', handle: showTest },
  ];
}

function presentTest({ outcome, reason, partner, missing, created_at, finished_at }: ProviderTest): ProviderTestModel {
  const isLate = Date.now() - created_at.getTime() > givenUpAfter;
  const state = finished_at && outcome ? outcome : isLate ? 'noAnswer' : 'waiting';
  return {
    state,
    reason: reason ?? undefined,
    at: created_at.toISOString(),
    partner: partnerFields.flatMap((field) => (partner?.[field] ? [{ field, value: String(partner[field]) }] : [])),
    missing: partnerFields.filter((field) => missing?.includes(field)),
  };
}
