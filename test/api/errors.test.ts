import test from 'ava';
import { assertThat, errorStatus, RequestError } from '../../api/errors.js';
import { translator } from '../../api/i18n.js';

/** Clients rely on these: a code is never renamed, and never answers with another status. */
test('the error codes and their statuses are pinned', (t) => {
  t.deepEqual(
    { ...errorStatus },
    {
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
    },
  );
});

test('every error has words of its own in each language', (t) => {
  for (const language of ['en', 'de'] as const) {
    const words = Object.keys(errorStatus).map((code) => translator(language)(`errors.${code}`, { seconds: 7 }));
    t.is(new Set(words).size, words.length);
    t.true(words.every((sentence) => sentence.includes(' ') && !sentence.includes('{{')));
  }
});

test('an assertion passes what holds, and throws its code with its status', (t) => {
  t.notThrows(() => assertThat(1, 'notFound'));
  const error = t.throws(() => assertThat(undefined, 'conflict', { state: 'completed' }), { instanceOf: RequestError });
  t.like(error, { code: 'conflict', status: 409, details: { state: 'completed' } });
});
