import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  type Application,
  changeApplication,
  createApplication,
  findApplication,
  hashOfSecret,
  listApplications,
  replaceSecret,
  setApplicationDisabled,
} from '../../../db/applications.js';
import { recordAudit } from '../../../db/audit.js';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { ApplicationPage, type ApplicationPageModel } from '../../pages/console/application-page.js';
import { ApplicationSecretPage } from '../../pages/console/application-secret-page.js';
import { ApplicationsPage } from '../../pages/console/applications-page.js';
import { showPage } from '../../show-page.js';
import { mountPath } from '../../sign-in/provider.js';
import type { Wiring } from '../wiring.js';
import { judgeApplication, type TypedApplication, typedApplication, typedFrom } from './application-form.js';
import { auditOf, done, formFields, plainForm } from './console-request.js';
import { differences } from './differences.js';
import { takeDone } from './take-done.js';
import { pathId, versionOf } from './typed-text.js';

const list = '/console/applications';
const secretForm = z.strictObject({ ...formFields, version: z.string().max(20), nonce: z.uuid() });
const secretPurpose = 'application-secret';

/** Applications that people sign in to with their account: for administrators only, reading included. */
export function applicationRoutes({ services: { db, keys }, publicUrl, secure, isDevelopment }: Wiring): Route[] {
  const issuer = publicUrl + mountPath;

  /**
   * By nobody's choice, yet the same for the same form: a double click sends a form twice, the browser shows the second
   * answer, and the secret in it must be the one that counts.
   */
  const secretFor = (id: string, nonce: string) => keys.hash(secretPurpose, `${id} ${nonce}`).toString('base64url');

  async function showList(ctx: Context) {
    const applications = await listApplications(db);
    showPage(ctx, ApplicationsPage, { applications, issuer, done: takeDone(ctx, secure) });
  }

  const showNew = (ctx: Context, shown: Partial<ApplicationPageModel> = {}, status = 200) => {
    const form = shown.form ?? { id: randomUUID(), firstParty: 'on' };
    showPage(ctx, ApplicationPage, { errors: {}, ...shown, form }, status);
  };

  async function create(ctx: Context) {
    const typed = bodyOf(ctx, typedApplication);
    const id = typed.id ?? randomUUID();
    const judged = judgeApplication(typed, isDevelopment);
    if ('errors' in judged)
      return showNew(ctx, { form: { ...typed, id }, errors: judged.errors, error: 'invalidFields' }, 400);
    const secret = typed.isPublic ? undefined : secretFor(id, id);
    await db.transaction(async (trx) => {
      // The first of two clicks has made it.
      if (!(await createApplication(trx, id, judged.values, secret))) return;
      const after = { ...judged.values, public: !secret };
      await recordAudit(trx, { ...auditOf(ctx), ...subject(id), action: 'application.created', after });
    });
    if (secret) return showSecret(ctx, id, secret);
    done(ctx, `${list}/${id}`, 'created', secure);
  }

  async function showOne(ctx: Context, shown: Partial<ApplicationPageModel> = {}, status = 200) {
    const application = await find(ctx);
    const done = status === 200 ? takeDone(ctx, secure) : undefined;
    const model = {
      application,
      nonce: randomUUID(),
      issuer,
      form: typedFrom(application),
      errors: {},
      done,
      ...shown,
    };
    showPage(ctx, ApplicationPage, model, status);
  }

  async function change(ctx: Context) {
    const typed: TypedApplication = bodyOf(ctx, typedApplication);
    const { id } = await find(ctx);
    const judged = judgeApplication(typed, isDevelopment);
    if ('errors' in judged) return showOne(ctx, { form: typed, errors: judged.errors, error: 'invalidFields' }, 400);
    const changed = await db.transaction(async (trx) => {
      const before = await changeApplication(trx, id, versionOf(typed.version ?? ''), judged.values);
      const different = before && differences({ ...before }, judged.values);
      if (different)
        await recordAudit(trx, { ...auditOf(ctx), ...subject(id), action: 'application.changed', ...different });
      return before !== undefined;
    });
    if (!changed) return showOne(ctx, { error: 'staleEdit' }, 409);
    done(ctx, `${list}/${id}`, 'saved', secure);
  }

  async function renewSecret(ctx: Context) {
    const { version, nonce } = bodyOf(ctx, secretForm);
    const { id } = await find(ctx);
    const secret = secretFor(id, nonce);
    const renewed = await db.transaction(async (trx) => {
      const replaced = await replaceSecret(trx, id, versionOf(version), secret);
      if (replaced) await recordAudit(trx, { ...auditOf(ctx), ...subject(id), action: 'application.secretRenewed' });
      return replaced;
    });
    if (!renewed && !(await isCurrent(id, secret))) return showOne(ctx, { error: 'staleEdit' }, 409);
    await showSecret(ctx, id, secret);
  }

  const isCurrent = async (id: string, secret: string) =>
    (await findApplication(db, id))?.secret_hash?.equals(hashOfSecret(secret)) ?? false;

  async function showSecret(ctx: Context, id: string, secret: string) {
    // A form that is sent long after, when the secret is another one by now, shows nothing that would not work.
    assertThat(await isCurrent(id, secret), 'conflict');
    const { name } = (await findApplication(db, id)) as Application;
    showPage(ctx, ApplicationSecretPage, { id, name, secret, issuer });
  }

  /** Said twice it is done once, and written down once. */
  async function setDisabled(ctx: Context, disabled: boolean) {
    const { id } = await find(ctx);
    await db.transaction(async (trx) => {
      if (!(await setApplicationDisabled(trx, id, disabled))) return;
      const action = disabled ? 'application.disabled' : 'application.enabled';
      await recordAudit(trx, { ...auditOf(ctx), ...subject(id), action });
    });
    done(ctx, `${list}/${id}`, disabled ? 'disabled' : 'enabled', secure);
  }

  async function find(ctx: Context): Promise<Application> {
    const application = await findApplication(db, pathId(ctx));
    assertThat(application, 'notFound');
    return application;
  }

  const admin = { kind: 'page', audience: 'staff-admin' } as const;
  const one = `${list}/:id`;
  return [
    { ...admin, method: 'get', path: list, handle: showList },
    { ...admin, method: 'get', path: `${list}/new`, handle: (ctx) => showNew(ctx) },
    { ...admin, method: 'post', path: `${list}/new`, body: typedApplication, handle: create },
    { ...admin, method: 'get', path: one, handle: (ctx) => showOne(ctx) },
    { ...admin, method: 'post', path: one, body: typedApplication, handle: change },
    { ...admin, method: 'post', path: `${one}/secret`, body: secretForm, handle: renewSecret },
    // Where choosing another language leads from the answer to the form.
    { ...admin, method: 'get', path: `${one}/secret`, handle: (ctx) => seeOther(ctx, `${list}/${pathId(ctx)}`) },
    { ...admin, method: 'post', path: `${one}/disable`, body: plainForm, handle: (ctx) => setDisabled(ctx, true) },
    { ...admin, method: 'post', path: `${one}/enable`, body: plainForm, handle: (ctx) => setDisabled(ctx, false) },
  ];
}

const subject = (id: string) => ({ subjectType: 'application', subject: id }) as const;
