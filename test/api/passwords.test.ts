import test from 'ava';
import fc from 'fast-check';
import { hashPassword, passwordMaximum, passwordProblem, verifyPassword } from '../../api/passwords.js';

const judged = test.macro({
  exec: (t, password: string, expected: string | undefined, words: string[] = []) =>
    t.is(passwordProblem(password, 12, words), expected),
  title: (why, _password, expected) => `${expected ?? 'taken'}: ${why}`,
});
test('eleven characters', judged, 'aZ3$kd9!xQw', 'passwordTooShort');
test('twelve characters', judged, 'aZ3$kd9!xQwe', undefined);
test('eleven emoji, whatever their bytes', judged, '🐙🍋🚲🎹🦊🌵🧦🍩🛸🎻🐢', 'passwordTooShort');
test('twelve emoji, counted in code points', judged, '🐙🍋🚲🎹🦊🌵🧦🍩🛸🎻🐢🥨', undefined);
test('nothing but signs: no rule of composition', judged, '#§$%&/()=?*+~!<|', undefined);
test('nothing but small letters', judged, 'gravel muffin topiary lantern', undefined);
test('another script', judged, 'корова паяльник туман', undefined);
test('spaces at both ends', judged, '  gravel muffin topiary  ', undefined);
test('256 code points', judged, 'gravel muffin topiary lantern '.repeat(9).slice(0, passwordMaximum), undefined);
test('257 code points', judged, 'x'.repeat(passwordMaximum + 1), 'passwordTooLong');
test('one word twice', judged, 'passwordpassword', 'passwordTooCommon');
test('a row of the keyboard', judged, 'qwertyuiop[]', 'passwordTooCommon');
test('one character many times', judged, 'aaaaaaaaaaaaaaaa', 'passwordTooCommon');
test('digits in order', judged, '123456789012', 'passwordTooCommon');
test('a common password with the usual changes', judged, 'P@ssw0rd12345', 'passwordTooCommon');
test('the company and a year', judged, 'Acme GmbH 2026!!', 'passwordContainsPersonal', ['Acme GmbH']);
test('the company in fullwidth letters', judged, 'ＡＣＭＥ Ｇｍｂｈ 2026', 'passwordContainsPersonal', ['Acme GmbH']);
test('the own name twice', judged, 'Nguyenova-Nguyenova', 'passwordContainsPersonal', ['Nguyenova']);
test('the local part of the own address', judged, 'ann.smithson!1', 'passwordContainsPersonal', ['ann.smithson']);
test('the product', judged, 'vestibule-2026', 'passwordContainsPersonal');
test('a personal word among enough others', judged, 'acme gravel muffin topiary', undefined, ['Acme GmbH']);
test('personal words that are not there', judged, 'gravel muffin topiary', undefined, ['', 'Bo', 'Ω']);

/** Milliseconds that this process has worked since; unlike the clock's, they are not longer on a busy machine. */
function processorTime(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

test.serial('judging a password of the greatest length takes hardly any work', (t) => {
  const hostile = ['a1!'.repeat(85), 'qwerty1234'.repeat(25), '@4a'.repeat(85), 'p4ssw0rd'.repeat(32)];
  for (const password of hostile) {
    const before = process.cpuUsage();
    passwordProblem(password, 12, ['Acme GmbH', 'Ann', 'Bee']);
    const taken = processorTime(before);
    t.true(taken < 250, `${password.slice(0, 10)}: ${taken} ms`);
  }
});

test.serial('a megabyte is refused before anything is computed', async (t) => {
  const before = process.cpuUsage();
  t.is(passwordProblem('x'.repeat(1_000_000), 12, []), 'passwordTooLong');
  t.false(await verifyPassword('x'.repeat(1_000_000), undefined));
  // What must not happen, a strength estimate of it, takes minutes.
  t.true(processorTime(before) < 500);
});

test('hashes are argon2id with OWASP parameters and a salt of their own', async (t) => {
  const [one, two] = await Promise.all([hashPassword('gravel muffin'), hashPassword('gravel muffin')]);
  t.regex(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  t.not(one, two);
});

const distinguished = test.macro({
  exec: async (t, one: string, other: string) => {
    const hash = await hashPassword(one);
    t.true(await verifyPassword(one, hash));
    t.false(await verifyPassword(other, hash));
  },
  title: (difference) => `passwords that differ only ${difference} are two`,
});
test('at byte 73', distinguished, `${'x'.repeat(72)}a`, `${'x'.repeat(72)}b`);
test('at code point 128', distinguished, `${'ü'.repeat(127)}a`, `${'ü'.repeat(127)}b`);
test('at code point 256', distinguished, `${'🐙'.repeat(255)}a`, `${'🐙'.repeat(255)}b`);
test('by a space at the end', distinguished, 'gravel muffin ', 'gravel muffin');
test('in capitals', distinguished, 'Gravel muffin', 'gravel muffin');
test('by an emoji', distinguished, 'gravel 🐙 muffin', 'gravel 🦊 muffin');
test('after a NUL', distinguished, 'gravel\u0000muffin', 'gravel\u0000topiary');

test('the same letters typed in another normalisation are the same password', async (t) => {
  const hash = await hashPassword('cafe\u0301 ﬁre');
  t.true(await verifyPassword('caf\u00e9 fire', hash));
});

test('an account that is not there is checked like one that is, and never matches', async (t) => {
  t.false(await verifyPassword('nobody has this password', undefined));
  t.false(await verifyPassword('anything else', undefined));
});

test('no string makes the judgement fail', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(fc.string(), { maxLength: 3 }),
      (password, words) => {
        const problem = passwordProblem(password, 12, words);
        return problem === undefined || /^password[A-Z][A-Za-z]+$/.test(problem);
      },
    ),
    { numRuns: 100 },
  );
  t.pass();
});

test.serial('a queue that is full refuses instead of growing', async (t) => {
  const answers = await Promise.allSettled(Array.from({ length: 150 }, () => hashPassword('gravel muffin')));
  const refused = answers.filter((answer) => answer.status === 'rejected');
  t.true(refused.length >= 40 && refused.length <= 60, String(refused.length));
  for (const { reason } of refused as PromiseRejectedResult[]) t.like(reason, { code: 'busy', status: 503 });
});
