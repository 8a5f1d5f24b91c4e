import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readEnvironment } from '../../activities/environment.js';

const complete = {
  DATABASE_URL: 'postgres://user:secret@localhost:5432/vestibule',
  TEMPORAL_ADDRESS: 'localhost:7233',
  PUBLIC_URL: 'https://register.example.com',
  SECRET_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64url')}`,
  SMTP_URL: 'smtp://mail.example.com:587',
  MAIL_FROM: 'Vestibule <no-reply@example.com>',
};

test('what is needed is enough', (t) => {
  t.like(readEnvironment(complete), { VESTIBULE_MODE: 'production', TEMPORAL_NAMESPACE: 'default' });
});

for (const name of Object.keys(complete))
  test(`a missing ${name} is named`, (t) => {
    const error = t.throws(() => readEnvironment({ ...complete, [name]: undefined }));
    t.regex(error?.message ?? '', new RegExp(`^${name}: `));
    t.is(error?.message.split('\n').length, 1);
  });

const bad = test.macro({
  exec: (t, name: string, value: string) => {
    const error = t.throws(() => readEnvironment({ ...complete, [name]: value }));
    t.regex(error?.message ?? '', new RegExp(`^${name}: `));
  },
  title: (_, name, value) => `${name}=${JSON.stringify(value)} is refused by name`,
});
test(bad, 'SMTP_URL', 'mail.example.com');
test(bad, 'SMTP_URL', 'http://mail.example.com');
test(bad, 'SMTP_TLS', 'sometimes');
test(bad, 'MAIL_FROM', '');
test(bad, 'PUBLIC_URL', 'http://register.example.com');
test(bad, 'SECRET_KEYS', 'k1:short');
test(bad, 'DATABASE_URL', 'sqlite://x');

test('a worker without a mail server ends with the reason, and prints no link instead (D2)', async (t) => {
  const script = fileURLToPath(new URL('../../activities/worker.js', import.meta.url));
  const { SMTP_URL, ...env } = complete;
  const worker = fork(script, { env: { PATH: process.env.PATH, ...env }, silent: true });
  const said: Buffer[] = [];
  for (const stream of [worker.stdout, worker.stderr]) stream?.on('data', (chunk) => said.push(chunk));
  const [code] = await once(worker, 'close');
  const output = Buffer.concat(said).toString();
  t.not(code, 0);
  t.regex(output, /SMTP_URL: /);
  t.false(output.includes('user:secret') || output.includes(complete.SECRET_KEYS));
});
