import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { StateNode } from 'xstate';
import { isLanguage, languages, resources, translator } from '../../api/i18n.js';
import { registrationMachine } from '../../machines/registration.js';

const { en, de } = resources;
/** Words of the Console that German has borrowed, and what is no word. */
const sameInBoth = new Set([
  'Passkey',
  'Passkeys',
  'Version',
  'Name',
  'Code',
  'Partner',
  'Status',
  'Administrator',
  'Plugin',
  'QR code',
  'Webhooks',
]);
const sources = fileURLToPath(new URL('../../../api/', import.meta.url));
const fieldErrorCodes = [
  'required',
  'tooLong',
  'invalidCharacters',
  'invalidEmail',
  'invalidPhone',
  'invalidCountry',
  'invalidVatNumber',
  'passwordTooShort',
  'passwordTooLong',
  'passwordTooCommon',
  'passwordContainsPersonal',
  'mustAccept',
  'invalidPartnerCode',
];
const problemCodes = [
  'onboardingClosed',
  'agreementOutdated',
  'userTypeInvalid',
  'creationFailed',
  'partnerCodeInvalid',
  'providerUnavailable',
  'providerMisconfigured',
  'mailRefused',
  'mailServerUnavailable',
];
const errorCodes = [
  'loginFailed',
  'tooManyAttempts',
  'apiKeyInvalid',
  'forbidden',
  'scopeMissing',
  'forbiddenOrigin',
  'staleEdit',
  'formExpired',
  'notFound',
  'methodNotAllowed',
  'badRequest',
  'payloadTooLarge',
  'unsupportedMediaType',
  'busy',
  'internal',
  'conflict',
  'linkInvalid',
  'invalidFields',
  'unauthenticated',
];

test('Both languages have the same keys, none of them empty.', (t) => {
  const german = flatten(de);
  t.deepEqual([...german.keys()].sort(), [...flatten(en).keys()].sort());
  for (const [key, words] of [...german, ...flatten(en)]) t.not(words.trim(), '', key);
});

test('No area of the account has the name of one of the Console, whose words would stand in for its own.', (t) => {
  const areas = (part: string) => readdirSync(`${sources}locales/${part}/en`);
  t.deepEqual(
    areas('account').filter((file) => areas('console').includes(file)),
    [],
  );
});

test('Both languages use the same variables in every text.', (t) => {
  const german = flatten(de);
  for (const [key, words] of flatten(en)) t.deepEqual(variables(german.get(key) ?? ''), variables(words), key);
});

test('No German text is left in English, names and loan words aside.', (t) => {
  const same = ['common.product', 'common.console', 'common.optional', 'agreements.version', 'account.name'];
  const german = flatten(de);
  for (const [key, words] of flatten(en))
    if (!same.includes(key) && !sameInBoth.has(words)) t.not(german.get(key), words, key);
});

test('German addresses the person formally.', (t) => {
  for (const [key, words] of flatten(de)) t.notRegex(words, /\b(du|dich|dir|dein\w*)\b/i, key);
});

test('Every literal key that the sources use has words in both languages.', (t) => {
  const used = literalKeys();
  t.true(used.length > 100, 'the scan finds the keys');
  for (const language of languages) {
    for (const { key, file } of used) t.true(hasWords(language, key), `${language}: ${key} in ${file}`);
  }
});

test('Every state of the machine has words in both languages.', (t) => {
  const states = stateKeys(registrationMachine.root as StateNode);
  t.true(states.length >= 11);
  for (const language of languages) {
    for (const state of states) t.true(hasWords(language, `states.${state}`), `${language}: ${state}`);
  }
});

for (const [group, codes] of Object.entries({
  fieldErrors: fieldErrorCodes,
  problems: problemCodes,
  errors: errorCodes,
})) {
  test(`Every code of ${group} has words in both languages.`, (t) => {
    for (const language of languages) {
      for (const code of codes) t.true(hasWords(language, `${group}.${code}`), `${language}: ${code}`);
    }
  });
}

test('A text is filled with its variables and left unescaped, because the pages escape.', (t) => {
  t.is(translator('en')('common.signedInAs', { name: '<b>"Anna"' }), 'Logged in as <b>"Anna"');
  t.is(translator('de')('checkMailbox.linkHours', { count: 1 }), 'Der Link gilt 1 Stunde.');
  t.is(translator('de')('checkMailbox.linkHours', { count: 24 }), 'Der Link gilt 24 Stunden.');
});

test('Only the languages of the catalogue are languages.', (t) => {
  t.true(isLanguage('de'));
  for (const value of ['DE', 'fr', '', undefined, 'toString']) t.false(isLanguage(value));
});

function flatten(node: object, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(node).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flatten(value, `${prefix}${key}.`)],
    ),
  );
}

function variables(words: string): string[] {
  return [...words.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '').sort();
}

function hasWords(language: 'en' | 'de', key: string): boolean {
  const words = flatten(language === 'en' ? en : de);
  return words.has(key) || (words.has(`${key}_one`) && words.has(`${key}_other`));
}

function literalKeys(): { key: string; file: string }[] {
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('pages/scripts'))
    .flatMap((file) =>
      [...readFileSync(sources + file, 'utf8').matchAll(/\bt\((?:[^()'`]*\? )?'([\w.]+)'(?: : '([\w.]+)')?/g)].flatMap(
        ([, ...keys]) => keys.filter(Boolean).map((key) => ({ key: key as string, file })),
      ),
    );
}

function stateKeys(node: StateNode): string[] {
  return Object.values(node.states).flatMap((child) => [
    ...(child.meta ? [child.key] : []),
    ...stateKeys(child as StateNode),
  ]);
}
