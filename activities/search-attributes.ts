import type { NativeConnection } from '@temporalio/worker';

/** `IndexedValueType` of Temporal's API. */
const keyword = 2;
const bool = 5;
const searchAttributes = { RegistrationState: keyword, RegistrationKind: keyword, RegistrationAttention: bool };

/**
 * Makes sure that the namespace has the search attributes: without them every workflow task would fail for ever.
 * Rejects with a sentence where this process may not add them (Temporal Cloud).
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.fromEntries(Object.entries(searchAttributes).filter(([name]) => !(name in customAttributes)));
  if (Object.keys(missing).length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
  } catch (cause) {
    const names = Object.keys(missing).join(', ');
    throw new Error(`the namespace ${namespace} needs the search attributes ${names}: add them (docs/operating.md)`, {
      cause,
    });
  }
}
