/** The right to manage the users of one's own customer; a customer's first user must have it. */
export const customerAccountAdministrator = 'customer_account_administrator';
/** The same for a partner. */
export const partnerAccountAdministrator = 'partner_account_administrator';

/** Permissions that this service itself acts on; any other code is the platform's own and handed on. */
export const ownPermissions = {
  customer: [customerAccountAdministrator],
  partner: [partnerAccountAdministrator],
} as const;
