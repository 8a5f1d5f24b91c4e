import type { FieldErrors } from './pages/models.js';

/**
 * Every error an answer can carry: stable code → HTTP status. The words are in the catalogues under `errors.<code>`;
 * a test pins the codes, for clients rely on them.
 */
export const errorStatus = {
  badRequest: 400,
  invalidFields: 400,
  passkeyFailed: 400,
  unauthenticated: 401,
  apiKeyInvalid: 401,
  loginFailed: 401,
  wrongPassword: 403,
  secondFactorFailed: 401,
  passkeyRefused: 401,
  forbidden: 403,
  scopeMissing: 403,
  forbiddenOrigin: 403,
  stepPending: 403,
  confirmFirst: 403,
  formExpired: 403,
  registrationClosed: 403,
  linkInvalid: 404,
  notFound: 404,
  methodNotAllowed: 405,
  conflict: 409,
  staleEdit: 409,
  lastAdministrator: 409,
  payloadTooLarge: 413,
  unsupportedMediaType: 415,
  tooManyAttempts: 429,
  internal: 500,
  busy: 503,
} as const;

export type ErrorCode = keyof typeof errorStatus;

export interface ErrorDetails {
  fields?: FieldErrors;
  /** Seconds; becomes the `Retry-After` header. */
  retryAfter?: number;
  /** Of the machine, with `conflict`. */
  state?: string;
  allowed?: string[];
}

/** An expected refusal. Anything else that is thrown is answered as `internal`, with nothing of it shown. */
export class RequestError extends Error {
  readonly status: number;

  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(code, options);
    this.status = errorStatus[code];
  }
}

/** Ends the request with the error unless the condition holds. */
export function assertThat(condition: unknown, code: ErrorCode, details?: ErrorDetails): asserts condition {
  if (!condition) throw new RequestError(code, details);
}
