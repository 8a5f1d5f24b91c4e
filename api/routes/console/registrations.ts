import { recordAudit } from '../../../db/audit.js';
import type { Context, Route } from '../../http.js';
import { seeOther } from '../../http.js';
import type { Wiring } from '../wiring.js';
import { auditOf, plainForm } from './console-request.js';
import { typedFilter } from './registration-filter.js';
import { showList } from './registration-list-page.js';
import { registrationOf, showRegistration } from './registration-page.js';

const cursor = /^RG-[0-9A-Z]{4}-[0-9A-Z]{4}$/;

/** Registrations: the list, each one's page, and the look at personal data, which is written down (security.md A15). */
export function registrationRoutes(wiring: Wiring): Route[] {
  const { services, secure } = wiring;

  async function list(ctx: Context) {
    const given = new URLSearchParams(ctx.search);
    const from = (name: string) => (cursor.test(given.get(name) ?? '') ? (given.get(name) ?? undefined) : undefined);
    const older = from('older');
    const shown = { typed: typedFilter(ctx.search), cursor: older ? { older } : { newer: from('newer') } };
    await showList(ctx, { db: services.db, secure }, shown);
  }

  /** The line first: who sees the data without having been written down is what must not be. */
  async function reveal(ctx: Context) {
    const { reference } = await registrationOf(ctx, wiring);
    const entry = { action: 'registration.revealed', subjectType: 'registration', subject: reference } as const;
    await recordAudit(services.db, { ...auditOf(ctx), ...entry });
    await showRegistration(ctx, wiring, { isRevealed: true });
  }

  /** What an action has shown under its own address is left behind by reloading, or by choosing another language. */
  async function leaveAction(ctx: Context) {
    const { reference } = await registrationOf(ctx, wiring);
    seeOther(ctx, `/console/registrations/${reference}`);
  }

  const read = { kind: 'page', method: 'get', audience: 'staff-viewer' } as const;
  const one = '/console/registrations/:reference';
  return [
    { ...read, path: '/console/registrations', handle: list },
    { ...read, path: one, handle: (ctx) => showRegistration(ctx, wiring) },
    { ...read, path: `${one}/:action`, handle: leaveAction },
    {
      kind: 'page',
      method: 'post',
      audience: 'staff-operator',
      path: `${one}/reveal`,
      body: plainForm,
      handle: reveal,
    },
  ];
}
