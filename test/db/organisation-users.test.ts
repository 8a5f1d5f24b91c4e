import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import type { Database } from '../../db/connection.js';
import type { OrganisationKind } from '../../db/models.js';
import { changeUser, type UserActor, type UserChange } from '../../db/organisation-users.js';
import { organisationOf } from '../../db/organisations.js';
import { changeUserType, findUserType, userTypeStamp } from '../../db/user-types.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { type BuiltMember, buildMembers, buildUserType } from './fixtures/members.js';

const test = anyTest as TestFn<{ postgres: TestDatabase; db: Database }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
  t.context.db = t.context.postgres.db;
});
test.after.always((t) => t.context.postgres?.stop());

/** The change of a person as the page shows them now, unless told otherwise. */
function change(db: Database, actor: UserActor, member: BuiltMember, becomes: UserChange['becomes'], was = {}) {
  const showed = { userTypeId: member.userTypeId, disabled: false, ...was };
  return db.transaction((trx) =>
    changeUser(trx, { id: member.userId, actor, source: '192.0.2.1', was: showed, becomes }),
  );
}
const row = (db: Database, { userId }: BuiltMember) => db('users').where({ id: userId }).first();
const buildStaffId = async (db: Database): Promise<string> => {
  const staff = { email: `${randomUUID()}@example.com`, role: 'admin', password_hash: '-' };
  return (await db('staff').insert(staff).returning('id'))[0].id;
};

for (const kind of ['customer', 'partner'] as OrganisationKind[])
  test(`of a ${kind}'s administrators who demote or disable each other at once one remains (A14)`, async (t) => {
    const { db } = t.context;
    const administrator = await buildUserType(db, { kind, administrator: true });
    const plain = await buildUserType(db, { kind });
    for (let round = 0; round < 20; round++) {
      const [one, two] = (await buildMembers(db, [administrator, administrator], kind)) as [BuiltMember, BuiltMember];
      const becomes = [{ disabled: true }, { userTypeId: plain }];
      const outcomes = await Promise.all([
        change(db, one, two, becomes[round % 2]!),
        change(db, two, one, becomes[Math.floor(round / 2) % 2]!),
      ]);
      const kinds = outcomes.map((outcome) => outcome.kind).toSorted();
      t.deepEqual(kinds, ['actorGone', 'done'], `round ${round}`);
      const { column, id } = organisationOf(one);
      const left = await db('users').where({ [column]: id, user_type_id: administrator, disabled_at: null });
      t.is(left.length, 1);
    }
  });

test('of staff and an administrator who take away the last two at once, one is refused', async (t) => {
  const { db } = t.context;
  const administrator = await buildUserType(db, { administrator: true });
  const plain = await buildUserType(db);
  const staffId = await buildStaffId(db);
  for (let round = 0; round < 20; round++) {
    const [one, two] = (await buildMembers(db, [administrator, administrator])) as [BuiltMember, BuiltMember];
    const outcomes = await Promise.all([
      change(db, { staffId }, two, { disabled: true }),
      change(db, one, one, { userTypeId: plain }),
    ]);
    t.deepEqual(outcomes.map((outcome) => outcome.kind).toSorted(), ['done', 'lastAdministrator']);
  }
});

test('a person of another organisation is not there, for whoever asks (A2, A7, E9)', async (t) => {
  const { db } = t.context;
  const administrator = await buildUserType(db, { administrator: true });
  const plain = await buildUserType(db);
  const [own] = await buildMembers(db, [administrator]);
  const [, other] = await buildMembers(db, [administrator, plain]);
  for (const becomes of [{ disabled: true }, { userTypeId: administrator }])
    t.is((await change(db, own!, other!, becomes)).kind, 'gone');
  const unknown = { ...other!, userId: randomUUID() };
  t.is((await change(db, own!, unknown, { disabled: true })).kind, 'gone');
  t.is((await change(db, { staffId: await buildStaffId(db) }, unknown, { disabled: true })).kind, 'gone');
  // Who claims another organisation than the own is no administrator of it.
  const claimed = { userId: own!.userId, customerId: other!.customerId, partnerId: null };
  t.is((await change(db, claimed, other!, { disabled: true })).kind, 'actorGone');
  t.like(await row(db, other!), { disabled_at: null, user_type_id: plain });
  for (const nobody of [
    { customerId: null, partnerId: null },
    { customerId: randomUUID(), partnerId: randomUUID() },
  ])
    await t.throwsAsync(change(db, { userId: own!.userId, ...nobody }, other!, { disabled: true }), {
      message: /exactly one organisation/,
    });
});

test('nobody gives more rights than the own, nor a type of another kind; staff may give all of the kind (A5, A7)', async (t) => {
  const { db } = t.context;
  const administrator = await buildUserType(db, { administrator: true, permissions: ['devices'] });
  const plain = await buildUserType(db);
  const more = await buildUserType(db, { permissions: ['devices', 'billing'] });
  const partners = await buildUserType(db, { kind: 'partner' });
  const [own, member] = (await buildMembers(db, [administrator, plain])) as [BuiltMember, BuiltMember];
  for (const userTypeId of [more, partners, randomUUID()])
    t.is((await change(db, own, member, { userTypeId })).kind, 'typeNotAllowed');
  t.is((await change(db, member, own, { disabled: true })).kind, 'actorGone');
  t.is((await row(db, member)).user_type_id, plain);
  t.is((await change(db, own, member, { userTypeId: administrator })).kind, 'done');
  const staff = { staffId: await buildStaffId(db) };
  const is = { userTypeId: administrator };
  t.is((await change(db, staff, member, { userTypeId: partners }, is)).kind, 'typeNotAllowed');
  t.is((await change(db, staff, member, { userTypeId: more }, is)).kind, 'done');
});

test('an administrator with more rights than the own is out of reach; a plain user with more is not', async (t) => {
  const { db } = t.context;
  const administrator = await buildUserType(db, { administrator: true });
  const above = await buildUserType(db, { administrator: true, permissions: ['billing'] });
  const member = await buildUserType(db, { permissions: ['devices'] });
  const [own, higher, plain] = await buildMembers(db, [administrator, above, member]);
  t.is((await change(db, own!, higher!, { disabled: true })).kind, 'aboveOwn');
  t.is((await change(db, own!, higher!, { userTypeId: administrator })).kind, 'aboveOwn');
  t.is((await change(db, own!, plain!, { disabled: true })).kind, 'done');
  t.is((await change(db, own!, plain!, { disabled: false }, { disabled: true })).kind, 'done');
});

test('who is shut out has no session left, and whom staff shut out only staff let in again (S3)', async (t) => {
  const { db } = t.context;
  const administrator = await buildUserType(db, { administrator: true });
  const plain = await buildUserType(db);
  const [own, member] = (await buildMembers(db, [administrator, plain])) as [BuiltMember, BuiltMember];
  await db('sessions').insert({ token_hash: Buffer.from(randomUUID()), user_id: member.userId });
  const staff = { staffId: await buildStaffId(db) };
  t.is((await change(db, own, own, { disabled: true })).kind, 'self');
  t.is((await change(db, staff, member, { disabled: true })).kind, 'done');
  t.is((await db('sessions').where({ user_id: member.userId })).length, 0);
  t.truthy((await db('user_activity').where({ user_id: member.userId }).first()).last_seen_at);
  t.is((await change(db, own, member, { disabled: false }, { disabled: true })).kind, 'disabledByStaff');
  t.is((await change(db, own, member, { disabled: true })).kind, 'stale');
  t.is((await change(db, staff, member, { disabled: false }, { disabled: true })).kind, 'done');
  t.like(await row(db, member), { disabled_at: null, disabled_by_staff: false });
  const lines = await db('audit_log').where({ subject: member.userId }).orderBy('id');
  t.deepEqual(
    lines.map(({ action, staff_id, source }) => [action, staff_id, source]),
    ['user.disabled', 'user.enabled'].map((action) => [action, staff.staffId, '192.0.2.1']),
  );
});

for (const kind of ['customer', 'partner'] as OrganisationKind[])
  test(`a type of ${kind}s keeps the permission of the only administrators, whoever else is leaving (A14)`, async (t) => {
    const { db } = t.context;
    const plain = await buildUserType(db, { kind });
    const staffId = await buildStaffId(db);
    for (let round = 0; round < 20; round++) {
      const types = [
        await buildUserType(db, { kind, administrator: true }),
        await buildUserType(db, { kind, administrator: true }),
      ];
      const [one, two] = (await buildMembers(db, types, kind)) as [BuiltMember, BuiltMember];
      const [outcome, other] = await Promise.all([
        withoutPermissions(db, one.userTypeId),
        change(db, { staffId }, two, round % 2 ? { userTypeId: plain } : { disabled: true }),
      ]);
      t.deepEqual(
        [outcome.kind, other.kind].filter((what) => what === 'done').length,
        1,
        `round ${round}: ${outcome.kind}, ${other.kind}`,
      );
      if (outcome.kind !== 'done') t.deepEqual(outcome, { kind: 'onlyAdministrators', organisations: 1 });
      else t.is(other.kind, 'lastAdministrator');
    }
    // Of two organisations one has somebody else, and who is shut out counts for nothing.
    const type = await buildUserType(db, { kind, administrator: true });
    const another = await buildUserType(db, { kind, administrator: true });
    await buildMembers(db, [type, another], kind);
    const [, shutOut] = await buildMembers(db, [type, another], kind);
    await change(db, { staffId }, shutOut!, { disabled: true });
    t.deepEqual(await withoutPermissions(db, type), { kind: 'onlyAdministrators', organisations: 1 });
  });

async function withoutPermissions(db: Database, id: string) {
  const type = (await findUserType(db, id))!;
  const fields = { name: type.name, permissions: [] };
  return db.transaction((trx) => changeUserType(trx, id, userTypeStamp(type), fields));
}
