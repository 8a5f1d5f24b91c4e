import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { errorCode } from '../db/error-code.js';

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
      // A library's own code (`23505`, `ECONNREFUSED`), or the error's class.
      const code = errorCode(error) ?? (error as Error).name ?? 'unknown';
      throw ApplicationFailure.retryable(code, code);
    }
  },
});
