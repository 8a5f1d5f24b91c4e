/** The ways a registration can go of which a history is kept. */
export const waysOut = [
  'completed',
  'completed-after-draft',
  'completed-after-resend',
  'already-registered',
  'expired',
  'reminder-then-expired',
  'cancelled',
  'mail-undeliverable-then-retry',
  'creation-blocked-then-retry',
  'refused-agreement-then-completed',
] as const;
