import type { Knex } from 'knex';
import { currentAgreements } from './agreements.js';
import { Consent, Customer, Registration, Settings, Submission, User, UserType } from './models.js';

/** The right to manage the users of one's own customer; a customer's first user must have it. */
export const customerAccountAdministrator = 'customer_account_administrator';

export type CreationOutcome = 'created' | 'onboardingClosed' | 'agreementOutdated' | 'emailTaken' | 'userTypeInvalid';

/**
 * Makes the customer, its first user and the consents from a submission, inside the caller's transaction, or says why
 * not; idempotent by registration (security.md O1, O2). Switch, agreements and user type are read here, with a lock,
 * because only what holds at commit counts (C9, C11, C12). Rejects with a unique violation when the e-mail was taken
 * by another registration at the same moment.
 */
export async function createCustomerAccount(
  trx: Knex.Transaction,
  registrationId: string,
  submissionId: string,
): Promise<CreationOutcome> {
  const registration = await Registration.query(trx).findById(registrationId).forUpdate().throwIfNotFound();
  if (await User.query(trx).findOne({ registration_id: registrationId })) return 'created';
  // A late attempt that everybody has given up (security.md X3, INV-9).
  if (registration.ended_at) throw new Error('the registration has ended without an account');
  const submission = await Submission.query(trx).findById(submissionId).throwIfNotFound();
  const settings = await Settings.query(trx).findOne({ id: true }).forShare().throwIfNotFound();
  if (!settings.customer_onboarding) return 'onboardingClosed';

  const agreements = await currentAgreements(trx, submission.language);
  if (!agreements.every(({ versionId }) => submission.agreement_version_ids.includes(versionId)))
    return 'agreementOutdated';
  const userType = await UserType.query(trx).findOne({ id: settings.default_customer_user_type_id }).forShare();
  if (userType?.kind !== 'customer' || !userType.permissions.includes(customerAccountAdministrator))
    return 'userTypeInvalid';
  if (await User.query(trx).findOne({ email: registration.email })) return 'emailTaken';

  const { answers } = submission;
  const customer = await Customer.query(trx).insert({
    name: answers.companyName,
    street: answers.companyStreet,
    postal_code: answers.companyPostalCode,
    city: answers.companyCity,
    country: answers.companyCountry,
    vat_number: answers.companyVatNumber,
  });
  const user = await User.query(trx).insert({
    customer_id: customer.id,
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
