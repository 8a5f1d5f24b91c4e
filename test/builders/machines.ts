import { randomUUID } from 'node:crypto';
import { type ApiScope, apiScopes, createApiKey, displayedApiKey } from '../../db/api-keys.js';
import { SecretKeys } from '../../db/secret-keys.js';
import type { BuiltStaff } from '../api/console/fixtures.js';
import { BrowserSession } from '../helpers/browser-session.js';
import type { Stack } from '../helpers/stack.js';

/** A key that a member of staff made, for these scopes. */
export async function buildApiKey(
  { db, env }: Stack,
  { id: createdBy }: Pick<BuiltStaff, 'id'>,
  scopes: readonly ApiScope[] = apiScopes,
): Promise<{ id: string; key: string }> {
  const keys = SecretKeys.parse(env.SECRET_KEYS ?? '');
  const id = randomUUID();
  await createApiKey(db, keys, { id, name: 'A program', scopes: [...scopes], expiresAt: null, createdBy });
  return { id, key: (await displayedApiKey(db, keys, { id, staffId: createdBy }))! };
}

/** Asks as a program does. */
export const askAs = (url: string, key: string | undefined, path: string, headers: Record<string, string> = {}) =>
  new BrowserSession(url).get(path, { ...(key ? { authorization: `Bearer ${key}` } : {}), ...headers });
