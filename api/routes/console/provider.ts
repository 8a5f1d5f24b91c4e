import { recordAudit } from '../../../db/audit.js';
import { listSummary, loadProvider, providerSecrets, saveProvider } from '../../../db/partner-provider.js';
import { findPartner } from '../../../db/partners.js';
import { assertThat, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { ProviderPage } from '../../pages/console/provider.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done } from './console-request.js';
import { differences } from './differences.js';
import { isId, loadPicker } from './partner-page.js';
import {
  type Judged,
  judgeProvider,
  type Stored,
  type TypedProvider,
  told,
  typedFrom,
  typedProvider,
} from './provider-form.js';
import { providerListRoutes } from './provider-list.js';
import { presentProvider } from './provider-model.js';
import { providerTestRoutes } from './provider-tests.js';
import { takeDone } from './take-done.js';
import { versionOf } from './typed-text.js';

export interface ShownProvider {
  typed?: TypedProvider;
  errors?: FieldErrors;
  error?: string;
  /** Faults of a list that was not taken, and the list. */
  list?: { errors: { line: number; code: string }[]; text: string };
  /** The sample code cannot be tried now. */
  engineAway?: boolean;
}
export type ShowProvider = (ctx: Context, shown?: ShownProvider, status?: number) => Promise<void>;

const path = '/console/provider';

/** Where partners are looked up by code. Operators look and try; only admins change (security.md A15, F1). */
export function providerRoutes(wiring: Wiring): Route[] {
  const { services, secure, providerOrigins } = wiring;
  const { db, keys } = services;

  async function load(): Promise<Stored> {
    const row = await loadProvider(db);
    return { row, secrets: providerSecrets(row, keys) };
  }

  const show: ShowProvider = async (ctx, shown = {}, status = 200) => {
    const stored = await load();
    const typed = shown.typed ?? typedFrom(stored.row);
    const [summary, picker, target] = await Promise.all([
      listSummary(db),
      loadPicker(db, typed.targetPartnerSearch, typed.targetPartner),
      isId(typed.targetPartner) ? findPartner(db, typed.targetPartner) : undefined,
    ]);
    const done = status === 200 && !shown.typed ? takeDone(ctx, secure) : undefined;
    const model = presentProvider(stored, typed, { ...shown, done });
    showPage(ctx, ProviderPage, { ...model, summary: presentSummary(summary), picker, target: target?.name }, status);
  };

  async function save(ctx: Context) {
    const { formToken, action = 'save', ...typed }: TypedProvider = bodyOf(ctx, typedProvider);
    if (action !== 'save') return show(ctx, { typed });
    const stored = await load();
    const targetError = await judgeTarget(typed.targetPartner);
    const judged = judgeProvider(typed, stored, providerOrigins);
    if ('errors' in judged || targetError) {
      const errors = {
        ...('errors' in judged ? judged.errors : {}),
        ...(targetError ? { targetPartner: targetError } : {}),
      };
      return show(ctx, { typed, errors, error: 'invalidFields' }, 400);
    }
    try {
      await store(ctx, stored, typed, judged);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'staleEdit') throw error;
      return show(ctx, { error: error.code }, error.status);
    }
    done(ctx, path, judged.dropped ? 'providerSavedSecretsDropped' : 'providerSaved', secure);
  }

  async function judgeTarget(id?: string): Promise<string | undefined> {
    if (!id) return undefined;
    const partner = isId(id) ? await findPartner(db, id) : undefined;
    if (!partner) return 'invalidChoice';
    return partner.disabled_at ? 'partnerDisabled' : undefined;
  }

  async function store(
    ctx: Context,
    stored: Stored,
    typed: TypedProvider,
    { change }: Extract<Judged, { change: object }>,
  ) {
    const version = versionOf(typed.version ?? '');
    const targetPartnerId = typed.targetPartner || null;
    await db.transaction(async (trx) => {
      const saved = await saveProvider(trx, keys, version, { ...change, targetPartnerId });
      // What was kept was judged by what was stored: the form must be of that very version.
      assertThat(saved && stored.row.version === version, 'staleEdit');
      const secretsChanged = JSON.stringify(sorted(stored.secrets)) !== JSON.stringify(sorted(change.secrets));
      const changed = differences(told({ ...stored.row, targetPartnerId: stored.row.target_partner_id }), {
        ...told({ ...change, targetPartnerId }),
        ...(secretsChanged ? { secrets: 'changed' } : {}),
      });
      if (!changed) return;
      const entry = { action: 'provider.changed', subjectType: 'provider', subject: 'settings' } as const;
      await recordAudit(trx, { ...auditOf(ctx), ...entry, ...changed });
    });
  }

  const page = { kind: 'page' } as const;
  return [
    { ...page, method: 'get', path, audience: 'staff-viewer', handle: (ctx) => show(ctx) },
    { ...page, method: 'post', path, audience: 'staff-admin', body: typedProvider, handle: save },
    ...providerListRoutes(wiring, show),
    ...providerTestRoutes(wiring, show),
  ];
}

const sorted = (secrets: Record<string, string>) =>
  Object.entries(secrets).sort(([one], [other]) => (one < other ? -1 : 1));

const presentSummary = ({ rows, uploadedAt }: { rows: number; uploadedAt: Date | null }) => ({
  rows,
  uploadedAt: uploadedAt?.toISOString(),
});
