import { UniqueViolationError } from 'objection';
import { z } from 'zod';
import { recordAudit } from '../../../db/audit.js';
import type { OrganisationKind } from '../../../db/models.js';
import { ownPermissions } from '../../../db/permissions.js';
import {
  changeUserType,
  deleteUserType,
  findUserType,
  insertUserType,
  type ListedUserType,
  listUserTypes,
  userTypeStamp,
} from '../../../db/user-types.js';
import { assertThat, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { UserTypePage } from '../../pages/console/user-types-edit-page.js';
import { UserTypesPage } from '../../pages/console/user-types-page.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields } from './console-request.js';
import { differences } from './differences.js';
import { takeDone } from './take-done.js';
import { pathId } from './typed-text.js';
import { parseUserType, type UserTypeForm, userTypeForm } from './user-types-form.js';

const list = '/console/user-types';
const createForm = z.strictObject({ ...userTypeForm.shape, kind: z.enum(['customer', 'partner']) });
const editForm = z.strictObject({ ...userTypeForm.shape, stamp: z.string().max(100) });
const deleteForm = z.strictObject({ ...formFields, stamp: z.string().max(100) });
const kindQuery = z.object({ kind: z.enum(['customer', 'partner']).catch('customer') });

interface Shown {
  form?: UserTypeForm;
  errors?: FieldErrors;
  error?: string;
  /** How many organisations would have no administrator left. */
  organisations?: number;
}

/** User types: what the people of an organisation may do. */
export function userTypeRoutes({ services: { db }, secure }: Wiring): Route[] {
  async function showList(ctx: Context) {
    showPage(ctx, UserTypesPage, { userTypes: await listUserTypes(db), done: takeDone(ctx, secure) });
  }

  const showNew = (ctx: Context, kind: OrganisationKind, { form = {}, errors = {}, error }: Shown = {}, status = 200) =>
    showPage(ctx, UserTypePage, { kind, own: [...ownPermissions[kind]], form, errors, error }, status);

  async function showOne(ctx: Context, shown: Shown = {}, status = 200) {
    const type = await findUserType(db, pathId(ctx));
    assertThat(type, 'notFound');
    const { form = formOf(type), errors = {}, error, organisations } = shown;
    const own = [...ownPermissions[type.kind]];
    showPage(
      ctx,
      UserTypePage,
      { kind: type.kind, type, stamp: userTypeStamp(type), own, form, errors, error, organisations },
      status,
    );
  }

  async function create(ctx: Context) {
    const { kind, formToken, ...form } = bodyOf(ctx, createForm);
    const { fields, errors } = parseUserType(kind, form);
    if (!fields) return showNew(ctx, kind, { form, errors, error: 'invalidFields' }, 400);
    const created = await unlessNameTaken(
      db.transaction(async (trx) => {
        const subject = await insertUserType(trx, { kind, ...fields });
        const after = { kind, ...fields };
        await recordAudit(trx, {
          ...auditOf(ctx),
          action: 'userType.created',
          subjectType: 'userType',
          subject,
          after,
        });
        return subject;
      }),
    );
    if (!created) return showNew(ctx, kind, { form, errors: { name: 'nameTaken' }, error: 'invalidFields' }, 400);
    done(ctx, list, 'created', secure);
  }

  async function save(ctx: Context) {
    const id = pathId(ctx);
    const { stamp, formToken, ...form } = bodyOf(ctx, editForm);
    const type = await findUserType(db, id);
    assertThat(type, 'notFound');
    const { fields, errors } = parseUserType(type.kind, form);
    if (!fields) return showOne(ctx, { form, errors, error: 'invalidFields' }, 400);
    const outcome = await unlessNameTaken(
      db.transaction(async (trx) => {
        const outcome = await changeUserType(trx, id, stamp, fields);
        const changed = outcome.kind === 'done' && differences({ ...outcome.before }, fields);
        const what = { action: 'userType.changed', subjectType: 'userType', subject: id } as const;
        if (changed) await recordAudit(trx, { ...auditOf(ctx), ...what, ...changed });
        return outcome;
      }),
    );
    if (!outcome) return showOne(ctx, { form, errors: { name: 'nameTaken' }, error: 'invalidFields' }, 400);
    const { kind } = outcome;
    if (kind === 'defaultNeedsAdministrator' || kind === 'onlyAdministrators') {
      const organisations = 'organisations' in outcome ? outcome.organisations : undefined;
      return showOne(ctx, { form, errors: { own0: kind }, error: 'invalidFields', organisations }, 400);
    }
    if (kind === 'stale') return showOne(ctx, { error: 'staleEdit' }, 409);
    if (kind === 'gone') throw new RequestError('notFound');
    done(ctx, list, 'saved', secure);
  }

  async function remove(ctx: Context) {
    const id = pathId(ctx);
    const { stamp } = bodyOf(ctx, deleteForm);
    const outcome = await db.transaction(async (trx) => {
      const outcome = await deleteUserType(trx, id, stamp);
      if (outcome.kind !== 'done') return outcome.kind;
      const { kind, name, permissions } = outcome.before;
      await recordAudit(trx, {
        ...auditOf(ctx),
        action: 'userType.deleted',
        subjectType: 'userType',
        subject: id,
        before: { kind, name, permissions },
      });
      return outcome.kind;
    });
    if (outcome === 'gone') throw new RequestError('notFound');
    // The page that is shown now says why it cannot be deleted.
    if (outcome !== 'done') return showOne(ctx, { error: outcome === 'stale' ? 'staleEdit' : 'conflict' }, 409);
    done(ctx, list, 'deleted', secure);
  }

  const page = { kind: 'page' } as const;
  const admin = { ...page, audience: 'staff-admin' } as const;
  const one = `${list}/:id`;
  return [
    { ...page, method: 'get', path: list, audience: 'staff-viewer', handle: showList },
    { ...admin, method: 'get', path: `${list}/new`, handle: (ctx) => showNew(ctx, kindQuery.parse(ctx.query).kind) },
    { ...admin, method: 'post', path: list, body: createForm, handle: create },
    { ...page, method: 'get', path: one, audience: 'staff-viewer', handle: (ctx) => showOne(ctx) },
    { ...admin, method: 'post', path: one, body: editForm, handle: save },
    { ...admin, method: 'post', path: `${one}/delete`, body: deleteForm, handle: remove },
  ];
}

/** The type as its form shows it. */
function formOf({ kind, name, permissions }: ListedUserType): UserTypeForm {
  const own: readonly string[] = ownPermissions[kind];
  return {
    name,
    ...Object.fromEntries(own.map((code, index) => [`own${index}`, permissions.includes(code) ? 'on' : undefined])),
    other: permissions.filter((code) => !own.includes(code)).join('\n'),
  };
}

/** Undefined when another type has the name. */
const unlessNameTaken = <Value>(work: Promise<Value>): Promise<Value | undefined> =>
  work.catch((error) => {
    if (error instanceof UniqueViolationError) return undefined;
    throw error;
  });
