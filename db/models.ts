import { Model } from 'objection';

export type OrganisationKind = 'customer' | 'partner';
/** `invited`: into an organisation that is there; which kind of organisation, the invitation says. */
export type RegistrationKind = OrganisationKind | 'invited';

/** Rows as PostgreSQL holds them; column names are kept, so that a reader finds in SQL what the code says. */
export class Registration extends Model {
  static override tableName = 'registrations';
  id!: string;
  reference!: string;
  kind!: RegistrationKind;
  /** Canonical (security.md D1); null once erased. */
  email!: string | null;
  language!: string;
  state!: string;
  sequence!: number;
  attention!: boolean;
  problem!: string | null;
  draft!: Record<string, string> | null;
  /** Sealed; see `SecretKeys.unseal`. */
  draft_code!: Buffer | null;
  draft_saved_at!: Date | null;
  proven_at!: Date | null;
  created_at!: Date;
  updated_at!: Date;
  state_since!: Date;
  link_requested_at!: Date | null;
  expires_at!: Date;
  ended_at!: Date | null;
  erased_at!: Date | null;
}

export class Settings extends Model {
  static override tableName = 'settings';
  id!: boolean;
  customer_onboarding!: boolean;
  partner_onboarding!: 'off' | 'with_code' | 'without_code';
  default_customer_user_type_id!: string | null;
  default_partner_user_type_id!: string | null;
  customer_approval!: boolean;
  partner_approval!: boolean;
  link_lifetime_seconds!: number;
  registration_lifetime_seconds!: number;
  invitation_lifetime_seconds!: number;
  reminder_after_seconds!: number | null;
  resend_cooldown_seconds!: number;
  mail_retry_seconds!: number;
  creation_retry_seconds!: number;
  lookup_retry_seconds!: number;
  operator_seconds!: number;
  password_minimum!: number;
  /** Asked of those who may manage the users of their organisation. */
  administrators_second_factor!: boolean;
  staff_second_factor!: boolean;
  /** Counts changes; an edit names the one it was made from (security.md C19). */
  version!: number;
}

export class UserType extends Model {
  static override tableName = 'user_types';
  id!: string;
  kind!: OrganisationKind;
  name!: string;
  permissions!: string[];
}

export class Customer extends Model {
  static override tableName = 'customers';
  id!: string;
  name!: string;
  street!: string | null;
  postal_code!: string | null;
  city!: string | null;
  country!: string;
  vat_number!: string | null;
}

export class Partner extends Model {
  static override tableName = 'partners';
  id!: string;
  parent_id!: string | null;
  name!: string;
  street!: string | null;
  postal_code!: string | null;
  city!: string | null;
  country!: string | null;
  vat_number!: string | null;
  external_id!: string | null;
  origin!: 'console' | 'provider' | 'registration';
  registration_id!: string | null;
  disabled_at!: Date | null;
  created_at!: Date;
}

export class PartnerCode extends Model {
  static override tableName = 'partner_codes';
  id!: string;
  partner_id!: string;
  label!: string | null;
  max_uses!: number;
  uses!: number;
  expires_at!: Date | null;
  revoked_at!: Date | null;
  last_used_at!: Date | null;
  created_by!: string | null;
  created_at!: Date;
}

export class Submission extends Model {
  static override tableName = 'registration_submissions';
  id!: string;
  registration_id!: string;
  idempotency_key!: string;
  kind!: RegistrationKind;
  answers!: Record<string, string>;
  sealed_code!: Buffer | null;
  partner_id!: string | null;
  partner_code_id!: string | null;
  password_hash!: string;
  agreement_version_ids!: string[];
  language!: string;
}

export class User extends Model {
  static override tableName = 'users';
  id!: string;
  customer_id!: string | null;
  partner_id!: string | null;
  partner_code_id!: string | null;
  user_type_id!: string;
  email!: string;
  given_name!: string;
  family_name!: string;
  phone!: string | null;
  language!: string;
  /** IANA name. */
  time_zone!: string;
  /** Counts changes; an edit names the one it was made from (security.md C19). */
  profile_version!: number;
  password_hash!: string;
  disabled_at!: Date | null;
  registration_id!: string | null;

  customer!: Customer | null;
  partner!: Partner | null;
  userType!: UserType;
  static override relationMappings = {
    customer: {
      relation: Model.BelongsToOneRelation,
      modelClass: Customer,
      join: { from: 'users.customer_id', to: 'customers.id' },
    },
    partner: {
      relation: Model.BelongsToOneRelation,
      modelClass: Partner,
      join: { from: 'users.partner_id', to: 'partners.id' },
    },
    userType: {
      relation: Model.BelongsToOneRelation,
      modelClass: UserType,
      join: { from: 'users.user_type_id', to: 'user_types.id' },
    },
  };
}

export type StaffRole = 'viewer' | 'operator' | 'admin';

export class Staff extends Model {
  static override tableName = 'staff';
  id!: string;
  email!: string;
  role!: StaffRole;
  password_hash!: string;
  disabled_at!: Date | null;
  created_at!: Date;
}
