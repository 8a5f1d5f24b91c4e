import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityExecuteInput } from '@temporalio/worker';
import test from 'ava';
import { failWithCodes } from '../../activities/failure-codes.js';

const address = 'sentinel@example.com';

async function failureOf(thrown: unknown) {
  const logged: unknown[] = [];
  const interceptor = failWithCodes((error) => logged.push(error));
  const failure = await Promise.resolve(
    interceptor.execute?.({} as ActivityExecuteInput, async () => {
      throw thrown;
    }),
  ).catch((error) => error);
  return { failure: failure as ApplicationFailure, logged };
}

const coded = test.macro({
  exec: async (t, thrown: unknown, code: string) => {
    const { failure, logged } = await failureOf(thrown);
    t.true(failure instanceof ApplicationFailure);
    t.like(failure, { type: code, message: code, nonRetryable: false, cause: undefined });
    t.false(JSON.stringify([failure.message, failure.type, failure.details, failure.cause]).includes(address));
    t.deepEqual(logged, [thrown], 'the log gets the whole of it');
  },
  title: (what) => `${what} reaches Temporal as a code only (D5)`,
});
test(
  'an error of a library',
  coded,
  Object.assign(new Error(`Key (email)=(${address}) exists`), { code: '23505' }),
  '23505',
);
test(
  'an error of objection',
  coded,
  Object.assign(new Error(address), { name: 'DBError', nativeError: { code: '40001' } }),
  '40001',
);
test('an error of ours', coded, new TypeError(`no account for ${address}`), 'TypeError');
test('an error with a cause', coded, new Error(address, { cause: new Error(address) }), 'Error');
test('a string that was thrown', coded, address, 'unknown');

test('a failure that was made on purpose stays as it is, and is not logged again', async (t) => {
  const meant = ApplicationFailure.nonRetryable('mail server: EAUTH 535', 'MailServerUnavailable');
  const { failure, logged } = await failureOf(meant);
  t.is(failure, meant);
  t.deepEqual(logged, []);
});

test('what goes well goes through untouched', async (t) => {
  const interceptor = failWithCodes(() => t.fail());
  t.is(await interceptor.execute?.({} as ActivityExecuteInput, async () => 7), 7);
});
