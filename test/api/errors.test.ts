import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import Koa from 'koa';
import { assertThat, errorStatus, RequestError } from '../../api/errors.js';
import { translator } from '../../api/i18n.js';
import { koaErrors } from '../../api/middleware/errors.js';
import { createLog } from '../../db/log.js';

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

/** How an API request is answered in which this is thrown. */
async function answerTo(thrown: unknown): Promise<Response> {
  const app = new Koa().use(koaErrors(createLog('test', 'silent'))).use(() => {
    throw thrown;
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/x`);
  } finally {
    server.close();
  }
}

test('what is lacking for the moment is told as "try again", anything else as a fault (X14)', async (t) => {
  // Of PostgreSQL: disk full, out of memory, too many connections, I/O error, shutting down; of Node: no file left.
  for (const code of ['53100', '53200', '53300', '58030', '57P01', 'EMFILE', 'ENFILE', 'ECONNREFUSED']) {
    const answer = await answerTo(Object.assign(new Error('sentinel'), { code }));
    t.is(answer.status, 503, code);
    t.is(answer.headers.get('retry-after'), '5', code);
    t.false((await answer.text()).includes('sentinel'));
  }
  for (const code of ['23505', '22P02', 'XX000', 'ENOENT'])
    t.is((await answerTo(Object.assign(new Error('sentinel'), { code }))).status, 500, code);
});
