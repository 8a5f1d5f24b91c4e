/** Queue of what asks a Partner Provider, beside the worker's own queue. The worker has the same function. */
export const providerQueue = (taskQueue: string): string => `${taskQueue}-provider`;

/** Likewise of what calls receivers of webhooks. */
export const webhookQueue = (taskQueue: string): string => `${taskQueue}-webhooks`;
