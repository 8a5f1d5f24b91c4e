import { Model } from 'objection';

/** Rows as PostgreSQL holds them; column names are kept, so that a reader finds in SQL what the code says. */
export class Registration extends Model {
  static override tableName = 'registrations';
  id!: string;
  reference!: string;
  kind!: 'customer';
  /** Canonical (security.md D1); null once erased. */
  email!: string | null;
  language!: string;
  state!: string;
  sequence!: number;
  attention!: boolean;
  problem!: string | null;
  draft!: Record<string, string> | null;
  draft_saved_at!: Date | null;
  proven_at!: Date | null;
  created_at!: Date;
  updated_at!: Date;
  link_requested_at!: Date | null;
  expires_at!: Date;
  ended_at!: Date | null;
  erased_at!: Date | null;
}

export class Settings extends Model {
  static override tableName = 'settings';
  id!: boolean;
  customer_onboarding!: boolean;
  default_customer_user_type_id!: string | null;
  link_lifetime_seconds!: number;
  registration_lifetime_seconds!: number;
  reminder_after_seconds!: number | null;
  resend_cooldown_seconds!: number;
  mail_retry_seconds!: number;
  creation_retry_seconds!: number;
  operator_seconds!: number;
  password_minimum!: number;
}

export class UserType extends Model {
  static override tableName = 'user_types';
  id!: string;
  kind!: 'customer' | 'partner';
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

export class Submission extends Model {
  static override tableName = 'registration_submissions';
  id!: string;
  registration_id!: string;
  idempotency_key!: string;
  answers!: Record<string, string>;
  password_hash!: string;
  agreement_version_ids!: string[];
  language!: string;
}

export class Consent extends Model {
  static override tableName = 'consents';
  static override idColumn = ['user_id', 'agreement_version_id'];
  user_id!: string;
  agreement_version_id!: string;
  language!: string;
  accepted_at!: Date;
  registration_id!: string | null;
}

export class User extends Model {
  static override tableName = 'users';
  id!: string;
  customer_id!: string;
  user_type_id!: string;
  email!: string;
  given_name!: string;
  family_name!: string;
  phone!: string | null;
  language!: string;
  password_hash!: string;
  disabled_at!: Date | null;
  registration_id!: string | null;

  customer!: Customer;
  userType!: UserType;
  static override relationMappings = {
    customer: {
      relation: Model.BelongsToOneRelation,
      modelClass: Customer,
      join: { from: 'users.customer_id', to: 'customers.id' },
    },
    userType: {
      relation: Model.BelongsToOneRelation,
      modelClass: UserType,
      join: { from: 'users.user_type_id', to: 'user_types.id' },
    },
  };
}

export class Staff extends Model {
  static override tableName = 'staff';
  id!: string;
  email!: string;
  role!: 'viewer' | 'operator' | 'admin';
  password_hash!: string;
}
