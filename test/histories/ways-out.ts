/** The ways a registration can go of which a history is kept, by the version of the workflow that was the first to go them. */
export const waysOut = {
  v1: [
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
  ],
  v2: [
    'partner-code-completed',
    'partner-provider-completed',
    'lookup-parked-then-retry',
    'lookup-parked-then-assigned',
    'approval-then-completed',
    'approval-declined',
    'code-refused-then-completed',
  ],
  v3: ['invited-completed', 'invited-again-then-completed', 'invited-in-vain'],
  v4: ['mail-at-once-completed', 'mail-not-at-once-completed'],
  v5: ['cancelled-once-kept', 'declined-once-kept'],
} as const;

export type Version = keyof typeof waysOut;
export type Way = (typeof waysOut)[Version][number];

/** Of the workflows that serve one row. */
const services = ['retry-batch-v1.json'];

export const historyFiles: string[] = [
  ...Object.entries(waysOut).flatMap(([version, ways]) => ways.map((way) => `registration-${way}-${version}.json`)),
  ...services,
];
