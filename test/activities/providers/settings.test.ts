import test from 'ava';
import fc from 'fast-check';
import { z } from 'zod';
import { isUsableHeaderName } from '../../../activities/providers/http-json/header-name.js';
import {
  checkEndpoint,
  endpointErrors,
  optionalSecretNames,
  providerIds,
  providerSettings,
  secretNames,
} from '../../../activities/providers/settings.js';

const stub = 'http://127.0.0.1:4010';

const endpoints: [url: string, allowed: string[], fault: string | undefined][] = [
  ['https://partners.example/api', [], undefined],
  ['https://partners.example/api/{code}?a={code}', [], undefined],
  ['https://partners.example:443/', [], undefined],
  ['https://8.8.8.8/', [], undefined],
  ['https://münchen.example/', [], undefined],
  ['http://partners.example/', [], 'notHttps'],
  ['ftp://partners.example/', [], 'notHttps'],
  ['file:///etc/passwd', [], 'notHttps'],
  ['javascript:alert(1)', [], 'notHttps'],
  ['partners.example', [], 'invalidUrl'],
  ['', [], 'invalidUrl'],
  ['https://', [], 'invalidUrl'],
  [' https://partners.example/', [], 'invalidUrl'],
  ['https://partners.example/a b', [], 'invalidUrl'],
  ['https://partners\n.example/', [], 'invalidUrl'],
  ['https:\\\\partners.example/', [], 'invalidUrl'],
  [`https://partners.example/${'a'.repeat(2_000)}`, [], 'tooLong'],
  ['https://u:p@partners.example/', [], 'userInfoForbidden'],
  ['https://u@partners.example/', [], 'userInfoForbidden'],
  ['https://{code}@partners.example/', [], 'userInfoForbidden'],
  ['https://partners.example/#here', [], 'fragmentForbidden'],
  ['https://partners.example/#', [], 'fragmentForbidden'],
  ['https://partners.example:22/', [], 'portForbidden'],
  ['https://partners.example:8443/', [], 'portForbidden'],
  ['https://{code}.example/', [], 'placeholderForbidden'],
  ['https://{code}/', [], 'placeholderForbidden'],
  ['https://partners.example{code}/', [], 'placeholderForbidden'],
  ['https://127.0.0.1/', [], 'addressForbidden'],
  ['https://0x7f.1/', [], 'addressForbidden'],
  ['https://2130706433/', [], 'addressForbidden'],
  ['https://10.1.2.3/', [], 'addressForbidden'],
  ['https://169.254.169.254/latest', [], 'addressForbidden'],
  ['https://[::1]/', [], 'addressForbidden'],
  ['https://[::ffff:127.0.0.1]/', [], 'addressForbidden'],
  ['https://[fd00::1]/', [], 'addressForbidden'],
  ['https://localhost/', [], 'addressForbidden'],
  ['https://localhost./', [], 'addressForbidden'],
  ['https://LOCALHOST/', [], 'addressForbidden'],
  ['https://db.internal/', [], 'addressForbidden'],
  [`${stub}/partners/{code}`, [stub], undefined],
  [`${stub}/partners`, [`${stub}/`], undefined],
  [`${stub}/partners`, [], 'notHttps'],
  ['http://localhost:4010/', [stub], 'notHttps'],
  ['http://127.0.0.1:4011/', [stub], 'notHttps'],
  ['https://127.0.0.1:4010/', [stub], 'portForbidden'],
  ['https://partners.example/', [stub], 'hostNotAllowed'],
  ['https://partners.example/', ['https://partners.example'], undefined],
  ['https://partners.example.evil.test/', ['https://partners.example'], 'hostNotAllowed'],
  ['https://partners.example/', ['nonsense', ''], 'hostNotAllowed'],
  ['http://u:p@127.0.0.1:4010/', [stub], 'userInfoForbidden'],
  ['http://127.0.0.1:4010/#', [stub], 'fragmentForbidden'],
];

for (const [url, allowed, fault] of endpoints)
  test(`With [${allowed}] listed, ${JSON.stringify(url).slice(0, 60)} is ${fault ?? 'taken'}.`, (t) => {
    t.is(checkEndpoint(url, allowed), fault);
  });

const url = 'https://partners.example/{code}';
const { configGuard } = providerSettings['http-json'];
const faultsOf = (config: object) => {
  const { error } = configGuard.safeParse({ url, authentication: 'none', ...config });
  return Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [path.join('.'), message]));
};

const configs: [config: object, faults: Record<string, string>][] = [
  [{}, {}],
  [{ url: undefined }, { url: 'required' }],
  [{ url: 'ftp://partners.example/' }, { url: 'notHttps' }],
  [{ url: 'https://u:p@partners.example/' }, { url: 'userInfoForbidden' }],
  [{ authentication: 'kerberos' }, { authentication: 'invalidChoice' }],
  [{ authentication: undefined }, { authentication: 'invalidChoice' }],
  [{ authentication: 'basic' }, { userName: 'required' }],
  [{ authentication: 'basic', userName: ' ' }, { userName: 'required' }],
  [{ authentication: 'basic', userName: 'a:b' }, { userName: 'invalidCharacters' }],
  [{ authentication: 'apiKey', headerName: 'Host' }, { headerName: 'headerForbidden' }],
  [{ authentication: 'apiKey', headerName: 'X-Key: a' }, { headerName: 'headerForbidden' }],
  [{ authentication: 'apiKey', headerName: 'X\r\nEvil' }, { headerName: 'headerForbidden' }],
  [{ authentication: 'oauth2' }, { tokenUrl: 'required', clientId: 'required' }],
  [{ authentication: 'oauth2', tokenUrl: url, clientId: 'c' }, { tokenUrl: 'placeholderForbidden' }],
  [{ authentication: 'oauth2', tokenUrl: 'https://t.example', clientId: 'c', scope: '' }, {}],
  [{ timeLimitSeconds: 10 }, {}],
  [{ timeLimitSeconds: '7' }, {}],
  [{ timeLimitSeconds: '' }, {}],
  [{ timeLimitSeconds: 0 }, { timeLimitSeconds: 'outOfRange' }],
  [{ timeLimitSeconds: 11 }, { timeLimitSeconds: 'outOfRange' }],
  [{ timeLimitSeconds: 1.5 }, { timeLimitSeconds: 'invalidNumber' }],
  [{ timeLimitSeconds: 'soon' }, { timeLimitSeconds: 'invalidNumber' }],
];

for (const [config, faults] of configs)
  test(`A form with ${JSON.stringify(config)} has the faults ${JSON.stringify(faults)}.`, (t) => {
    const found = faultsOf(config);
    for (const [field, fault] of Object.entries(faults)) t.is(found[field], fault);
    t.deepEqual(Object.keys(found), Object.keys(faults));
    for (const message of Object.values(found)) t.regex(message, /^[a-zA-Z]+$/);
  });

test('What a guard gives is taken by it again unchanged, without the fields of other kinds and without secrets.', (t) => {
  const typed = { url, authentication: 'basic', userName: ' u ', headerName: 'x', password: 'p', timeLimitSeconds: '' };
  const parsed = configGuard.parse(typed);
  t.deepEqual(parsed, { url, authentication: 'basic', userName: 'u', timeLimitSeconds: 5 });
  t.deepEqual(configGuard.parse(parsed), parsed);
});

test('A list of partners has no settings.', (t) => {
  const { configGuard: guard, metadata } = providerSettings['csv-file'];
  t.deepEqual(metadata.fields, []);
  t.deepEqual(guard.parse({}), {});
  t.throws(() => guard.parse({ url }), { instanceOf: z.ZodError });
});

const secrets: [authentication: string, needed: string[]][] = [
  ['none', []],
  ['bearer', ['token']],
  ['basic', ['password']],
  ['apiKey', ['apiKey']],
  ['oauth2', ['clientSecret']],
];

for (const [authentication, needed] of secrets)
  test(`Authentication ${authentication} needs the secrets [${needed}] and may have one for signing.`, (t) => {
    t.deepEqual(secretNames('http-json', { authentication }), needed);
    t.deepEqual(optionalSecretNames('http-json', { authentication }), ['signingSecret']);
  });

test('Each address of a config is judged, and only those that it uses.', (t) => {
  const config = { url: 'https://partners.example/', authentication: 'oauth2', tokenUrl: 'http://127.0.0.1:1/token' };
  t.deepEqual(endpointErrors('http-json', config, []), { tokenUrl: 'notHttps' });
  t.deepEqual(endpointErrors('http-json', { ...config, authentication: 'none' }, [stub]), { url: 'hostNotAllowed' });
  t.deepEqual(endpointErrors('csv-file', {}, []), {});
});

test('The form of each provider names its fields once, and shows a field by a choice that there is.', (t) => {
  for (const id of providerIds) {
    const { fields, id: own } = providerSettings[id].metadata;
    t.is(own, id);
    t.is(new Set(fields.map(({ name }) => name)).size, fields.length);
    for (const { showWhen } of fields)
      for (const choice of showWhen?.is ?? [])
        t.true(fields.find(({ name }) => name === showWhen?.field)?.options?.includes(choice));
  }
});

test('No name with anything but token characters is taken for a header, nor one that frames the message.', (t) => {
  fc.assert(fc.property(fc.string(), (name) => !isUsableHeaderName(name) || /^[\w!#$%&'*+.^`|~-]+$/.test(name)));
  for (const name of [
    'Authorization',
    'COOKIE',
    'content-length',
    'Proxy-Authorization',
    'Vestibule-Signature',
    'sec-x',
  ])
    t.false(isUsableHeaderName(name));
  for (const name of ['X-Api-Key', 'apikey', 'Ocp-Apim-Subscription-Key']) t.true(isUsableHeaderName(name));
});
