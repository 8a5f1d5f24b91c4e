import test from 'ava';
import { SecretKeys } from '../../db/secret-keys.js';

const secret = (fill: number) => Buffer.alloc(32, fill).toString('base64url');

test('the first key makes, all of them recognise', (t) => {
  const old = SecretKeys.parse(`old:${secret(1)}`);
  const rotated = SecretKeys.parse(`new:${secret(2)}, old:${secret(1)}`);
  t.is(rotated.active.id, 'new');
  t.deepEqual(rotated.get('old'), old.active);
  t.is(rotated.get('gone'), undefined);
  t.true(rotated.hashes('link', 'x').some((hash) => hash.equals(old.hash('link', 'x'))));
  t.false(rotated.hash('link', 'x').equals(old.hash('link', 'x')));
});

test('one purpose says nothing of another, and purpose and value cannot be shifted into each other', (t) => {
  const keys = SecretKeys.parse(`k1:${secret(1)}`);
  t.false(keys.hash('link', 'x').equals(keys.hash('form', 'x')));
  t.false(keys.hash('link', 'x').equals(keys.hash('lin', 'kx')));
});

for (const text of [
  '',
  'k1',
  `:${secret(1)}`,
  'k1:',
  `k1:${secret(1).slice(0, 40)}`,
  `a b:${secret(1)}`,
  `k1:${secret(1)},`,
])
  test(`${JSON.stringify(text)} is refused in a sentence that repeats none of it`, (t) => {
    const error = t.throws(() => SecretKeys.parse(text));
    t.regex(error?.message ?? '', /at least 32 random bytes/);
    t.false(error?.message.includes(secret(1).slice(0, 20)));
  });
