import { type Logger, pino } from 'pino';

/**
 * The log of one process: one JSON object a line. Errors are told by class, code and stack frames; their messages may
 * hold what people typed, and a log is no place for it (security.md D1).
 */
export const createLog = (name: string, level: string): Logger =>
  pino({ name, level, serializers: { err: describeError }, redact: ['*.password', '*.token', '*.email'] });

export type { Logger };

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return { type: error.name, code, constraint, frames, cause: error.cause ? describeError(error.cause) : undefined };
}
