import type { Knex } from 'knex';
import { currentAgreements } from './agreements.js';
import {
  Consent,
  Customer,
  type OrganisationKind,
  Partner,
  Registration,
  Settings,
  Submission,
  User,
  UserType,
} from './models.js';
import { countUse } from './partner-codes.js';
import { customerAccountAdministrator } from './permissions.js';

export type CreationOutcome =
  | 'created'
  | 'onboardingClosed'
  | 'agreementOutdated'
  | 'emailTaken'
  | 'userTypeInvalid'
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
  const { registrationId, submissionId, partnerId } = creation;
  const registration = await Registration.query(trx).findById(registrationId).forUpdate().throwIfNotFound();
  if (await User.query(trx).findOne({ registration_id: registrationId })) return 'created';
  // A late attempt that everybody has given up (security.md X3, INV-9).
  if (registration.ended_at) throw new Error('the registration has ended without an account');
  const submission = await Submission.query(trx).findById(submissionId);
  // Staff have corrected the e-mail meanwhile: nothing of what came before is theirs whose address it is now.
  if (!submission || !registration.proven_at) return 'withdrawn';
  const { kind } = submission;
  const settings = await Settings.query(trx).findOne({ id: true }).forShare().throwIfNotFound();
  if (!isOpenFor(kind, settings)) return 'onboardingClosed';

  const agreements = await currentAgreements(trx, submission.language, kind);
  if (!agreements.every(({ versionId }) => submission.agreement_version_ids.includes(versionId)))
    return 'agreementOutdated';
  const userType = await defaultUserType(trx, kind, settings);
  if (!userType) return 'userTypeInvalid';
  if (await User.query(trx).findOne({ email: registration.email })) return 'emailTaken';
  const needsApproval = kind === 'customer' ? settings.customer_approval : settings.partner_approval;
  if (needsApproval && !creation.approved && !partnerId) return 'approvalNeeded';

  const organisation =
    kind === 'customer' ? await newCustomer(trx, submission) : await partnerOf(trx, submission, creation);
  if (!organisation) return 'codeInvalid';
  const { answers } = submission;
  const user = await User.query(trx).insert({
    ...organisation,
    user_type_id: userType.id,
    email: registration.email ?? '',
    given_name: answers.givenName,
    family_name: answers.familyName,
    phone: answers.phone,
    language: submission.language,
    password_hash: submission.password_hash,
    registration_id: registrationId,
  });
  await Consent.query(trx).insert(
    agreements.map(({ versionId, language }) => ({
      user_id: user.id,
      agreement_version_id: versionId,
      language,
      registration_id: registrationId,
    })),
  );
  return 'created';
}

/** The kind's default user type if it may be one; a customer's first user must be able to manage the others (A5). */
async function defaultUserType(trx: Knex.Transaction, kind: OrganisationKind, settings: Settings) {
  const id = kind === 'customer' ? settings.default_customer_user_type_id : settings.default_partner_user_type_id;
  const userType = await UserType.query(trx).findOne({ id }).forShare();
  if (userType?.kind !== kind) return undefined;
  return kind === 'partner' || userType.permissions.includes(customerAccountAdministrator) ? userType : undefined;
}

type Organisation = Pick<User, 'customer_id'> | (Pick<User, 'partner_id'> & { partner_code_id?: string | null });

const companyOf = ({ answers }: Submission) => ({
  name: answers.companyName,
  street: answers.companyStreet,
  postal_code: answers.companyPostalCode,
  city: answers.companyCity,
  country: answers.companyCountry,
  vat_number: answers.companyVatNumber,
});

async function newCustomer(trx: Knex.Transaction, submission: Submission): Promise<Organisation> {
  const customer = await Customer.query(trx).insert(companyOf(submission));
  return { customer_id: customer.id };
}

/** The partner an operator chose, or the code's, which is used up by one here, or a new one where none is asked for. */
async function partnerOf(
  trx: Knex.Transaction,
  submission: Submission,
  creation: Creation,
): Promise<Organisation | undefined> {
  const { partner_id, partner_code_id } = submission;
  if (creation.partnerId) return enabledPartner(trx, creation.partnerId);
  if (partner_code_id && !(await countUse(trx, partner_code_id))) return undefined;
  if (partner_id) {
    const organisation = await enabledPartner(trx, partner_id);
    return organisation && { ...organisation, partner_code_id };
  }
  if (submission.sealed_code || !submission.answers.companyName) return undefined;
  const partner = await Partner.query(trx).insert({
    ...companyOf(submission),
    origin: 'registration',
    registration_id: creation.registrationId,
  });
  return { partner_id: partner.id };
}

async function enabledPartner(trx: Knex.Transaction, id: string): Promise<Organisation | undefined> {
  const partner = await Partner.query(trx).findById(id).whereNull('disabled_at').forShare();
  return partner && { partner_id: partner.id };
}
