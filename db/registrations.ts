import { randomInt } from 'node:crypto';
import type { Knex } from 'knex';
import { findInvitation, type PresentedInvitation } from './accept-invitation.js';
import { currentVersionIdsSql } from './agreements.js';
import { type OrganisationKind, Registration, type RegistrationKind, Settings, type Submission } from './models.js';
import { lasting } from './record-transitions.js';
import type { SecretKeys } from './secret-keys.js';

/** Crockford's base32 without look-alikes: a reference is read out on the phone. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const makeReference = () => {
  const letters = Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return `RG-${letters.slice(0, 4)}-${letters.slice(4)}`;
};

export const loadSettings = async (db: Knex): Promise<Settings> =>
  Settings.query(db).findOne({ id: true }).throwIfNotFound();

export interface NewRegistration {
  /** Canonical. */
  email: string;
  kind: OrganisationKind;
  language: string;
  lifetimeSeconds: number;
}

export type OpenedRegistration = Registration & {
  /** Made by this call: no workflow of it can run yet. */
  is_new: boolean;
};

/**
 * The open registration of this e-mail, made if there is none; any number of callers at once get the same one.
 * What a repeated start sends along changes nothing: it is not proven to come from the mailbox's owner.
 */
export async function openRegistration(db: Knex, registration: NewRegistration): Promise<OpenedRegistration> {
  const { rows } = await db.raw<{ rows: OpenedRegistration[] }>(
    `
    with opened as (
      insert into registrations (reference, kind, email, language, state, expires_at)
      values (:reference, :kind, :email, :language, 'sendingActivation', now() + make_interval(secs => :lifetimeSeconds))
      on conflict (email) where ended_at is null do update set updated_at = now()
      returning *, xmax = 0 as is_new
    ), started as (
      insert into registration_events (registration_id, sequence, event, to_state, actor)
      select id, 0, 'STARTED', state, 'registrant' from opened where is_new
    )
    select * from opened`,
    { ...registration, reference: makeReference() },
  );
  return rows[0]!;
}

/**
 * The registration by which an invitation is accepted; undefined when the address has an open one of any kind, which
 * then stays as it is. An administrator asked for it, so nothing of it is proven.
 */
export async function insertRegistration(
  trx: Knex.Transaction,
  registration: { kind: 'invited'; email: string; language: string; expiresAt: Date },
): Promise<string | undefined> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `
    with opened as (
      insert into registrations (reference, kind, email, language, state, expires_at)
      values (:reference, :kind, :email, :language, 'sendingActivation', :expiresAt)
      on conflict (email) where ended_at is null do nothing returning id, state
    ), started as (
      insert into registration_events (registration_id, sequence, event, to_state, actor)
      select id, 0, 'STARTED', state, 'administrator' from opened
    )
    select id from opened`,
    { ...registration, reference: makeReference() },
  );
  return rows[0]?.id;
}

export interface PresentedLink {
  registration: Registration;
  expired: boolean;
  /** Of the kind `invited`. */
  invitation?: PresentedInvitation;
}

/** The purpose under which a typed partner code is sealed. */
export const typedCodePurpose = 'typed-code';

/** The purpose under which activation tokens are hashed. */
export const activationLinkPurpose = 'activation-link';

/** The registration that a link's token opens. Its state and the link's age are for the caller to judge. */
export async function findByToken(db: Knex, keys: SecretKeys, token: string): Promise<PresentedLink | undefined> {
  const row = await Registration.query(db)
    .join('activation_links as link', 'link.registration_id', 'registrations.id')
    .whereIn('link.token_hash', keys.hashes(activationLinkPurpose, token))
    .select('registrations.*', db.raw('link.expires_at < now() as link_expired'))
    .first();
  if (!row) return undefined;
  const invitation = row.kind === 'invited' ? await findInvitation(db, row.id) : undefined;
  return { registration: row, expired: (row as Registration & { link_expired: boolean }).link_expired, invitation };
}

export interface Draft {
  kind: RegistrationKind;
  /** Whose agreements are to be accepted; those of `kind` unless given. */
  organisationKind?: OrganisationKind;
  answers: Record<string, string>;
  /** Absent where the form asks for no code: the one typed before stays. */
  sealedCode?: Buffer;
  language: string;
}

/**
 * Keeps what was typed and notes that the mailbox is proven; nothing once the registration has ended. Tells as well which
 * agreement versions are current for the kind.
 */
export async function saveDraft(
  db: Knex,
  registrationId: string,
  { kind, organisationKind, answers, sealedCode, language }: Draft,
): Promise<(Registration & { current_agreements: string[] }) | undefined> {
  return Registration.query(db)
    .findById(registrationId)
    .whereNull('ended_at')
    .patch({
      // Let into an organisation at this very moment, it stays an invited person's.
      kind: db.raw("case when kind = 'invited' then kind else ? end", [kind]),
      draft: answers,
      ...(sealedCode ? { draft_code: sealedCode } : {}),
      language,
      draft_saved_at: db.fn.now(),
      proven_at: db.raw('coalesce(proven_at, now())'),
    } as never)
    .returning([
      '*',
      db.raw(`${currentVersionIdsSql} as current_agreements`, { kind: organisationKind ?? kind }),
    ] as never)
    .first() as never;
}

export type NewSubmission = Pick<
  Submission,
  | 'registration_id'
  | 'idempotency_key'
  | 'kind'
  | 'answers'
  | 'sealed_code'
  | 'password_hash'
  | 'agreement_version_ids'
  | 'language'
>;

/**
 * Stores what was submitted; the same idempotency key gives the submission stored first, whatever comes with it.
 * Undefined when the registration has ended, which takes its submissions with it.
 */
export async function storeSubmission(db: Knex, submission: NewSubmission): Promise<Submission | undefined> {
  // An update that changes nothing: of a row that is there, `do nothing` would return nothing.
  const { rows } = await db.raw<{ rows: Submission[] }>(
    `
    insert into registration_submissions
        (registration_id, idempotency_key, kind, answers, sealed_code, password_hash, agreement_version_ids, language)
      select id, :idempotency_key, :kind, :answers::jsonb, :sealed_code::bytea, :password_hash,
          :agreement_version_ids::uuid[], :language
        from registrations where id = :registration_id and ended_at is null for share
      on conflict (registration_id, idempotency_key) do update set idempotency_key = excluded.idempotency_key
      returning *`,
    { ...submission, answers: JSON.stringify(submission.answers) },
  );
  return rows[0];
}

/** Notes that a promised mail could not be asked of the engine; the reconciler asks again. */
export async function noteLinkRequested(db: Knex, registrationId: string): Promise<void> {
  await db('registrations').where({ id: registrationId }).update({ link_requested_at: db.fn.now() });
}

export interface AwaitingEngine extends Registration {
  /** When the mail was promised, as exactly as PostgreSQL knows it. */
  promised: string;
}

/**
 * Open registrations with a mail promised this long ago that the engine has not taken up: it may have been away. The
 * next ones are those after the last, which may have been taken up by then.
 */
export const registrationsAwaitingEngine = async (
  db: Knex,
  olderThanSeconds: number,
  limit: number,
  after?: Pick<AwaitingEngine, 'promised' | 'id'>,
): Promise<AwaitingEngine[]> =>
  Registration.query(db)
    .whereNull('ended_at')
    .whereRaw('link_requested_at < now() - make_interval(secs => ?)', [olderThanSeconds])
    .modify((query) => {
      if (after) query.whereRaw('(link_requested_at, id) > (?::timestamptz, ?::uuid)', [after.promised, after.id]);
    })
    .select('registrations.*', db.raw('link_requested_at::text as promised'))
    .orderBy(['link_requested_at', 'id'])
    .limit(limit) as never;

/**
 * Ends registrations whose workflow was ended by hand, or failed, without a word to the row: nothing would move them on,
 * and they would keep their e-mail from starting anew. Returns the references of those it ended.
 */
export async function endWithoutWorkflow(db: Knex, references: string[]): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { reference: string }[] }>(
    `
    with open as (
      select id, reference, state, sequence + 1 as next from registrations
        where reference = any (:references) and ended_at is null for update
    ), told as (
      insert into registration_events (registration_id, sequence, from_state, event, to_state, actor)
      select id, next, state, 'WORKFLOW_ENDED', 'cancelled', 'reconciler' from open
      on conflict (registration_id, sequence) do update
        set from_state = excluded.from_state, event = excluded.event, to_state = excluded.to_state,
            actor = excluded.actor, at = excluded.at
    ), ended as (
      update registrations r
        set state = 'cancelled', sequence = next, attention = false, problem = null, draft_code = null,
            updated_at = now(), state_since = now(), ended_at = now()
        from open where r.id = open.id
    )
    select reference from open`,
    { references },
  );
  return rows.map(({ reference }) => reference);
}

/** References of registrations that ended for good between these two moments. */
export const endedBetween = (db: Knex, from: Date, until: Date): Promise<string[]> =>
  db('registrations')
    .whereNull('erased_at')
    .where('ended_at', '>', from)
    .where('ended_at', '<=', until)
    .whereIn('state', lasting)
    .pluck('reference');

/**
 * Erases what is personal from registrations that ended this long ago (security.md R1); the steps stay. Returns how
 * many it erased, at most `limit`.
 */
export async function eraseEnded(db: Knex, olderThanSeconds: number, limit: number): Promise<number> {
  const result = await db.raw(
    `
    with ended as (
      select id from registrations
        where erased_at is null and ended_at < now() - make_interval(secs => :olderThanSeconds)
        order by ended_at limit :limit for update skip locked
    ), links as (
      delete from activation_links where registration_id in (select id from ended)
    )
    update registrations set email = null, draft = null, draft_code = null, erased_at = now() where id in (select id from ended)`,
    { olderThanSeconds, limit },
  );
  return result.rowCount;
}
