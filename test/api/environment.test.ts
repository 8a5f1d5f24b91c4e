import test from 'ava';
import { readEnvironment } from '../../api/environment.js';
import { defaultLimits } from '../../api/rate-limits.js';

const key = Buffer.alloc(32, 1).toString('base64url');
const complete = {
  DATABASE_URL: 'postgres://user:secret@localhost:5432/vestibule',
  TEMPORAL_ADDRESS: 'localhost:7233',
  PUBLIC_URL: 'https://register.example.com',
  SECRET_KEYS: `k1:${key}`,
};

test('what is needed is enough; the rest has defaults fit for production', (t) => {
  const env = readEnvironment(complete);
  t.like(env, { HOST: '127.0.0.1', PORT: 3000, VESTIBULE_MODE: 'production', LOG_LEVEL: 'info' });
  t.like(env, { TEMPORAL_NAMESPACE: 'default', TEMPORAL_TASK_QUEUE: 'registration', TRUSTED_PROXIES: [] });
  t.deepEqual(env.LIMITS, defaultLimits);
});

for (const name of Object.keys(complete))
  test(`a missing ${name} is named`, (t) => {
    const error = t.throws(() => readEnvironment({ ...complete, [name]: undefined }));
    t.regex(error?.message ?? '', new RegExp(`^${name}: `));
    t.is(error?.message.split('\n').length, 1, 'and nothing else is');
  });

const bad = test.macro({
  exec: (t, name: string, value: string) => {
    const error = t.throws(() => readEnvironment({ ...complete, [name]: value }));
    t.regex(error?.message ?? '', new RegExp(`^${name}: `));
    t.false(error?.message.includes(key), 'a secret is not repeated');
  },
  title: (_, name, value) => `${name}=${JSON.stringify(value)} is refused by name`,
});
test(bad, 'DATABASE_URL', 'mysql://localhost/x');
test(bad, 'DATABASE_URL', 'localhost');
test(bad, 'DATABASE_TLS', 'maybe');
test(bad, 'TEMPORAL_ADDRESS', '');
test(bad, 'TEMPORAL_TLS', 'yes');
test(bad, 'PUBLIC_URL', 'register.example.com');
test(bad, 'PUBLIC_URL', 'ftp://example.com');
test(bad, 'PUBLIC_URL', 'http://register.example.com');
test(bad, 'PORT', 'eighty');
test(bad, 'PORT', '65536');
test(bad, 'PORT', '-1');
test(bad, 'TRUSTED_PROXIES', 'proxy.internal');
test(bad, 'TRUSTED_PROXIES', '10.0.0.1,nonsense');
test(bad, 'TRUSTED_PROXIES', '10.0.0.0/33');
test(bad, 'TRUSTED_PROXIES', '10.0.0.0/8/8');
test(bad, 'PROVIDER_ALLOWED_ORIGINS', 'partners.example.com');
test(bad, 'PROVIDER_ALLOWED_ORIGINS', 'ftp://partners.example.com');
test(bad, 'PROVIDER_ALLOWED_ORIGINS', 'https://partners.example.com/lookup');
test(bad, 'PROVIDER_ALLOWED_ORIGINS', 'https://user:pass@partners.example.com');
test(bad, 'PROVIDER_ALLOWED_ORIGINS', 'https://partners.example.com,https://*');
test(bad, 'SECRET_KEYS', '');
test(bad, 'SECRET_KEYS', 'changeme');
test(bad, 'SECRET_KEYS', `k1:${Buffer.alloc(31).toString('base64url')}`);
test(bad, 'SECRET_KEYS', `k1:${key},k2`);
test(bad, 'LIMITS', 'startsPerSource');
test(bad, 'LIMITS', 'startsPerSource=');
test(bad, 'LIMITS', 'startsPerSource=many');
test(bad, 'LIMITS', 'startsPerSource=-1');
test(bad, 'LIMITS', 'startsPerSauce=3');
test(bad, 'LIMITS', 'toString=3');
test(bad, 'VESTIBULE_MODE', 'test');
test(bad, 'LOG_LEVEL', 'loud');

test('several faults are told together, a line each', (t) => {
  const error = t.throws(() => readEnvironment({ VESTIBULE_MODE: 'x' }));
  const named = error?.message.split('\n').map((line) => line.split(':')[0]);
  t.deepEqual(named?.sort(), ['DATABASE_URL', 'PUBLIC_URL', 'SECRET_KEYS', 'TEMPORAL_ADDRESS', 'VESTIBULE_MODE']);
});

test('development may go without TLS', (t) => {
  const env = readEnvironment({ ...complete, VESTIBULE_MODE: 'development', PUBLIC_URL: 'http://localhost:3000' });
  t.is(env.PUBLIC_URL, 'http://localhost:3000');
});

test('limits, proxies and addresses are read as they are meant', (t) => {
  const env = readEnvironment({
    ...complete,
    PUBLIC_URL: 'https://register.example.com/',
    LIMITS: 'startsPerSource=0,mailsOverall=500',
    TRUSTED_PROXIES: ' 10.0.0.1, fd00::/8,,10.1.0.0/16 ',
    PROVIDER_ALLOWED_ORIGINS: ' https://Partners.example.com/ ,, http://10.0.0.7:8080',
    PORT: '0',
  });
  t.is(env.PUBLIC_URL, 'https://register.example.com');
  t.deepEqual(env.LIMITS, { ...defaultLimits, startsPerSource: 0, mailsOverall: 500 });
  t.deepEqual(env.TRUSTED_PROXIES, ['10.0.0.1', 'fd00::/8', '10.1.0.0/16']);
  t.deepEqual(env.PROVIDER_ALLOWED_ORIGINS, ['https://partners.example.com', 'http://10.0.0.7:8080']);
  t.deepEqual(readEnvironment(complete).PROVIDER_ALLOWED_ORIGINS, []);
  t.is(env.PORT, 0);
});
