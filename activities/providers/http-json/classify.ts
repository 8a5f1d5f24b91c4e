import { type LookupFailure, type LookupResult, misconfigured, type TemporaryReason, temporary } from '../plugin.js';
import type { SafeAnswer } from '../safe-http.js';
import { parseRetryAfter } from './retry-after.js';

/** What an answer means for the lookup. Only the provider itself can say that there is no such partner (security.md F8). */
export function classifyAnswer(answer: SafeAnswer): LookupResult {
  if (answer.status === 404 || answer.status === 410) return { outcome: 'notFound' };
  const failure = failureOf(answer);
  if (failure) return failure;
  const value = parseJson(answer.text);
  if (value === null || (Array.isArray(value) && value.length === 0)) return { outcome: 'notFound' };
  return isObject(value) ? { outcome: 'found', record: value } : temporary('notJson');
}

/** Why an answer is none, or nothing if it may hold one. */
export function failureOf({ status, retryAfter }: SafeAnswer): LookupFailure | undefined {
  if (status === 401 || status === 403) return misconfigured('notAuthorised');
  const reason = reasonToWait(status);
  if (reason) {
    const retryAfterSeconds = parseRetryAfter(retryAfter, Date.now());
    return { outcome: 'temporary', reason, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  }
  if (status >= 400) return misconfigured('refused');
  if (status >= 300) return misconfigured('redirect');
  // Accepted, no content, a part of it: no answer to a question.
  return status === 200 || status === 201 ? undefined : temporary('notJson');
}

function reasonToWait(status: number): TemporaryReason | undefined {
  if (status === 408) return 'timeout';
  if (status === 425 || status === 429) return 'tooBusy';
  return status >= 500 ? 'serverError' : undefined;
}

/** By what the body is, not by what its type says: many servers say text/plain or nothing. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
