import type { Knex } from 'knex';
import { endInvitation, lockGoodInvitation } from './accept-invitation.js';
import { type Agreement, currentAgreements } from './agreements.js';
import { type OrganisationKind, Partner, Registration, Settings, type Submission, type UserType } from './models.js';
import { countUse } from './partner-codes.js';
import { customerAccountAdministrator } from './permissions.js';

export type CreationOutcome =
  | 'created'
  | 'onboardingClosed'
  | 'agreementOutdated'
  | 'emailTaken'
  | 'userTypeInvalid'
  | 'invitationVoid'
  | 'codeInvalid'
  | 'approvalNeeded'
  | 'withdrawn';

export interface Creation {
  registrationId: string;
  submissionId: string;
  /** By an operator, where the settings ask for it. */
  approved: boolean;
  /** Chosen by an operator, instead of what the code led to. */
  partnerId?: string;
}

/** Whether people of this kind may register: read where accounts are made, not only where the page is drawn (C9). */
export const isOpenFor = (kind: OrganisationKind, settings: Settings): boolean =>
  kind === 'customer' ? settings.customer_onboarding : settings.partner_onboarding !== 'off';

/**
 * Makes the organisation (or joins the partner), the user and the consents from a submission, inside the caller's
 * transaction, or says why not; idempotent by registration (security.md O1, O2). Switch, agreements, user type and code
 * are read here, with a lock, because only what holds at commit counts (C7 to C9, C11, C12, C17). Rejects with a unique
 * violation when the e-mail was taken by another registration at the same moment.
 */
export async function createAccount(trx: Knex.Transaction, creation: Creation): Promise<CreationOutcome> {
  const registration = await Registration.query(trx).findById(creation.registrationId).forUpdate().throwIfNotFound();
  // After the lock: what another attempt has made meanwhile is seen.
  const { created, taken, submission } = await readSubmission(trx, registration, creation.submissionId);
  if (created) return 'created';
  // A late attempt that everybody has given up (security.md X3, INV-9).
  if (registration.ended_at) throw new Error('the registration has ended without an account');
  // Staff have corrected the e-mail meanwhile: nothing of what came before is theirs whose address it is now.
  if (!submission || !registration.proven_at) return 'withdrawn';
  // Sent for a company of their own, just when an administrator let them in: they have not agreed to that yet.
  if (registration.kind === 'invited' && submission.kind !== 'invited') return 'withdrawn';
  if (registration.kind === 'invited') return taken ? 'emailTaken' : joinInviter(trx, registration, submission);
  const { kind } = submission;
  if (kind === 'invited') return 'invitationVoid';
  const { settings, userType } = await readSettings(trx, kind);
  if (!isOpenFor(kind, settings)) return 'onboardingClosed';

  const agreements = await currentAgreements(trx, submission.language, kind);
  if (!hasAccepted(submission, agreements)) return 'agreementOutdated';
  if (!mayBeDefault(kind, userType)) return 'userTypeInvalid';
  if (taken) return 'emailTaken';
  const needsApproval = kind === 'customer' ? settings.customer_approval : settings.partner_approval;
  if (needsApproval && !creation.approved && !creation.partnerId) return 'approvalNeeded';

  const organisation = kind === 'customer' ? 'newCustomer' : await partnerOf(trx, submission, creation);
  if (!organisation) return 'codeInvalid';
  await insertAccount(trx, registration, submission, { organisation, userTypeId: userType.id, agreements });
  return 'created';
}

/**
 * The user of whom an administrator has fixed e-mail, organisation and type (security.md A8). Neither the switch nor the
 * approval by staff is asked: whoever may manage the organisation's users answers for them.
 */
async function joinInviter(
  trx: Knex.Transaction,
  registration: Registration,
  submission: Submission,
): Promise<CreationOutcome> {
  const invitation = await lockGoodInvitation(trx, registration.id);
  if (!invitation) {
    await endInvitation(trx, registration.id, 'void');
    return 'invitationVoid';
  }
  const { customerId, partnerId, userTypeId } = invitation;
  const agreements = await currentAgreements(trx, submission.language, invitation.kind);
  if (!hasAccepted(submission, agreements)) return 'agreementOutdated';
  const organisation = { customerId, partnerId, codeId: null };
  await insertAccount(trx, registration, submission, { organisation, userTypeId, agreements });
  await endInvitation(trx, registration.id, 'accepted');
  return 'created';
}

const hasAccepted = ({ agreement_version_ids: accepted }: Submission, agreements: Agreement[]) =>
  agreements.every(({ versionId }) => accepted.includes(versionId));

interface ReadSubmission {
  /** The account is there. */
  created: boolean;
  /** The e-mail has another account. */
  taken: boolean;
  submission?: Submission;
}

async function readSubmission(trx: Knex, { id, email }: Registration, submissionId: string): Promise<ReadSubmission> {
  const { rows } = await trx.raw<{ rows: (Submission & Omit<ReadSubmission, 'submission'>)[] }>(
    `
    select s.*, exists (select from users where registration_id = :id) as created,
        exists (select from users where email = :email) as taken
      from (values (1)) one left join registration_submissions s on s.id = :submissionId`,
    { id, email, submissionId },
  );
  const { created, taken, ...submission } = rows[0]!;
  return { created, taken, ...(submission.id ? { submission: submission as unknown as Submission } : {}) };
}

/** Whether two registrations took the same e-mail at the same moment, and this one came second (security.md C4). */
export const isEmailTaken = (error: unknown): boolean =>
  (error as { constraint?: string }).constraint === 'users_email_unique';

/** The settings and the kind's default user type, both locked against a change until the account is there. */
async function readSettings(
  trx: Knex,
  kind: OrganisationKind,
): Promise<{ settings: Settings; userType: Pick<UserType, 'id' | 'kind' | 'permissions'> | undefined }> {
  const { rows } = await trx.raw(
    `
    select s.*, t.id as type_id, t.kind as type_kind, t.permissions as type_permissions
      from settings s join user_types t on t.id = s.${defaultTypeColumn[kind]} for share`,
  );
  // Without a default there is no row; the switch still counts.
  if (!rows[0])
    return {
      settings: await Settings.query(trx).findOne({ id: true }).forShare().throwIfNotFound(),
      userType: undefined,
    };
  const { type_id: id, type_kind, type_permissions: permissions, ...settings } = rows[0];
  return { settings, userType: { id, kind: type_kind, permissions } };
}

const defaultTypeColumn = { customer: 'default_customer_user_type_id', partner: 'default_partner_user_type_id' };

/** A customer's first user must be able to manage the others (A5). */
const mayBeDefault = <Type extends Pick<UserType, 'kind' | 'permissions'>>(
  kind: OrganisationKind,
  userType: Type | undefined,
): userType is Type =>
  userType?.kind === kind && (kind === 'partner' || userType.permissions.includes(customerAccountAdministrator));

/** Where the user belongs: an organisation that is made with them, or one that is there. */
type Organisation =
  | 'newCustomer'
  | 'newPartner'
  | { customerId: string | null; partnerId: string | null; codeId: string | null };

/** The partner an operator chose, or the code's, which is used up by one here, or a new one where none is asked for. */
async function partnerOf(
  trx: Knex.Transaction,
  { partner_id, partner_code_id, sealed_code, answers }: Submission,
  creation: Creation,
): Promise<Organisation | undefined> {
  if (creation.partnerId) return enabledPartner(trx, creation.partnerId, null);
  if (partner_code_id && !(await countUse(trx, partner_code_id))) return undefined;
  if (partner_id) return enabledPartner(trx, partner_id, partner_code_id);
  return sealed_code || !answers.companyName ? undefined : 'newPartner';
}

async function enabledPartner(trx: Knex.Transaction, id: string, codeId: string | null) {
  const partner = await Partner.query(trx).findById(id).whereNull('disabled_at').forShare();
  return partner && { customerId: null, partnerId: id, codeId };
}

const company = `:companyName, :companyStreet, :companyPostalCode, :companyCity, :companyCountry, :companyVatNumber`;
const companyColumns = 'name, street, postal_code, city, country, vat_number';
const organisationSql = {
  newCustomer: `insert into customers (${companyColumns}) values (${company})
    returning id as customer_id, null::uuid as partner_id, null::uuid as partner_code_id`,
  newPartner: `insert into partners (${companyColumns}, origin, registration_id)
    values (${company}, 'registration', :registrationId)
    returning null::uuid as customer_id, id as partner_id, null::uuid as partner_code_id`,
  known: 'select :customerId::uuid as customer_id, :partnerId::uuid as partner_id, :codeId::uuid as partner_code_id',
};

/** Organisation, user and consents in one statement: each round trip holds the locks longer. */
async function insertAccount(
  trx: Knex.Transaction,
  { id: registrationId, email }: Registration,
  { answers, language, password_hash: passwordHash }: Submission,
  account: { organisation: Organisation; userTypeId: string; agreements: Agreement[] },
): Promise<void> {
  const { organisation, userTypeId, agreements } = account;
  const known = typeof organisation === 'string' ? undefined : organisation;
  await trx.raw(
    `
    with organisation as (
      ${organisationSql[typeof organisation === 'string' ? organisation : 'known']}
    ), account as (
      insert into users (customer_id, partner_id, partner_code_id, user_type_id, email, given_name, family_name, phone,
          language, password_hash, registration_id)
      select customer_id, partner_id, partner_code_id, :userTypeId::uuid, :email, :givenName, :familyName, :phone, :language,
          :passwordHash, :registrationId::uuid from organisation
      returning id
    )
    insert into consents (user_id, agreement_version_id, language, registration_id)
    select account.id, accepted."versionId", accepted.language, :registrationId::uuid
      from account, jsonb_to_recordset(:agreements::jsonb) as accepted("versionId" uuid, language text)`,
    {
      ...noAnswers,
      ...answers,
      ...known,
      registrationId,
      email,
      language,
      passwordHash,
      userTypeId,
      agreements: JSON.stringify(agreements.map(({ versionId, language }) => ({ versionId, language }))),
    },
  );
}

/** What was left empty is stored as null. */
const noAnswers = {
  companyName: null,
  companyStreet: null,
  companyPostalCode: null,
  companyCity: null,
  companyCountry: null,
  companyVatNumber: null,
  givenName: null,
  familyName: null,
  phone: null,
};
