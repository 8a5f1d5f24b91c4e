import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';

/**
 * Turns every failure into one that carries a code only: an error's message may hold an address or a name, and what
 * reaches Temporal's history stays there (security.md D5). The whole error goes to the worker's log.
 */
export const failWithCodes = (log: (error: unknown) => void): ActivityInboundCallsInterceptor => ({
  async execute(input, next) {
    try {
      return await next(input);
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      log(error);
      const code = errorCode(error);
      throw ApplicationFailure.retryable(code, code);
    }
  },
});

/** A library's own code (`23505`, `ECONNREFUSED`), or the error's class. */
function errorCode(error: unknown): string {
  const { code, name, nativeError } = error as { code?: unknown; name?: string; nativeError?: { code?: unknown } };
  return String(code ?? nativeError?.code ?? name ?? 'unknown');
}
