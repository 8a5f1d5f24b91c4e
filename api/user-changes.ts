/** What administrators and staff change of a user, with the mail that tells the person. */
import type { Knex } from 'knex';
import type { NoticeTemplate } from '../db/notices.js';
import { insertNotice } from '../db/notices.js';
import {
  type AfterChange,
  type ChangedUser,
  changeUser,
  removeUser,
  type UserChange,
  type UserRefusal,
} from '../db/organisation-users.js';
import { logErasure } from './erasure-log.js';
import { handNotice } from './outbox.js';
import type { Services } from './registrations.js';

/** Host of the mails' Message-ID. */
type Told<Change> = Change & { mailDomain: string };

/** Changes a user's type, disables or enables them; the mail leaves with the change, or not at all. */
export async function changeAndTell(services: Services, change: Told<UserChange>): Promise<'done' | UserRefusal> {
  const { db, keys } = services;
  const { kind, noticeIds } = await db.transaction(async (trx) => {
    const outcome = await changeUser(trx, change);
    if (outcome.kind !== 'done') return { kind: outcome.kind, noticeIds: [] };
    const { before, after } = outcome;
    const ids = noticesOf(before, after).map((template) =>
      insertNotice(trx, keys, { ...noticeTo(before, change), template, values: told(before, after) }),
    );
    return { kind: outcome.kind, noticeIds: await Promise.all(ids) };
  });
  await Promise.all(noticeIds.map((noticeId) => handNotice(services, noticeId)));
  return kind;
}

/** Removes a user for good. */
export async function removeAndTell(
  services: Services,
  change: Told<Omit<UserChange, 'becomes'>>,
): Promise<'done' | UserRefusal> {
  const { db, keys } = services;
  const outcome = await db.transaction(async (trx: Knex.Transaction) => {
    const outcome = await removeUser(trx, change);
    if (outcome.kind !== 'done') return outcome;
    const { before } = outcome;
    const notice = { ...noticeTo(before, change), template: 'user-removed', values: told(before, before) } as const;
    return { ...outcome, noticeId: await insertNotice(trx, keys, notice) };
  });
  if (outcome.kind === 'done') {
    logErasure(services, change.id, outcome.registrationId);
    await handNotice(services, outcome.noticeId);
  }
  return outcome.kind;
}

const noticesOf = (before: ChangedUser, after: AfterChange): NoticeTemplate[] => [
  ...(after.userType === before.userType ? [] : ['user-type-changed' as const]),
  ...(after.disabled === before.disabled
    ? []
    : [after.disabled ? ('user-disabled' as const) : ('user-enabled' as const)]),
];

const noticeTo = ({ email, language }: ChangedUser, { mailDomain }: Told<object>) => ({ email, language, mailDomain });
const told = ({ organisation }: ChangedUser, { userType }: AfterChange) => ({ organisation, userType });
