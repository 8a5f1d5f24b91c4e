/** PostgreSQL's code of an error, or Node's, whether knex or objection tells it; undefined for others. */
export function errorCode(error: unknown): string | undefined {
  const { code, nativeError } = error as { code?: unknown; nativeError?: { code?: unknown } };
  const found = code ?? nativeError?.code;
  return found === undefined ? undefined : String(found);
}
