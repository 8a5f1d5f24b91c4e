import test from 'ava';
import fc from 'fast-check';
import { mapPartner, mappingGuard, partnerFields } from '../../../activities/providers/mapping.js';
import { demoMapping, demoPartners } from '../../../dev/stub-provider.js';

const identity = Object.fromEntries(partnerFields.map((field) => [field, field])) as Record<
  (typeof partnerFields)[number],
  string
>;

test('The answer of the stub provider becomes a whole partner.', (t) => {
  const record = JSON.parse(JSON.stringify(demoPartners[0]));
  t.deepEqual(mapPartner(record, mappingGuard.parse(demoMapping)), {
    partner: {
      name: 'Nordwind Kältetechnik GmbH',
      street: 'Am Sandtorkai 41',
      postalCode: '20457',
      city: 'Hamburg',
      country: 'DE',
      vatNumber: 'DE298471536',
      externalId: 'P-10017',
    },
    missing: [],
  });
});

const values: [field: (typeof partnerFields)[number], value: unknown, result: string | undefined][] = [
  ['name', '  Nordwind  GmbH\n', 'Nordwind GmbH'],
  ['name', 'Line one\r\nLine two\u2028three', 'Line one Line two three'],
  ['name', 'Cafe\u0301', 'Café'],
  ['name', 'a\u202eb\u200bc\0d\ufeffe\ud800f', 'abcdef'],
  ['name', 'x'.repeat(250), 'x'.repeat(200)],
  ['name', '😀'.repeat(250), '😀'.repeat(200)],
  ['name', `${'x'.repeat(199)} y`, 'x'.repeat(199)],
  ['name', '<b>Bold</b>', '<b>Bold</b>'],
  ['name', '', undefined],
  ['name', ' \u200b ', undefined],
  ['name', 42, undefined],
  ['name', null, undefined],
  ['name', ['Nordwind'], undefined],
  ['name', { toString: 'Nordwind' }, undefined],
  ['name', true, undefined],
  ['city', 'x'.repeat(150), 'x'.repeat(100)],
  ['postalCode', 20457, '20457'],
  ['postalCode', 1.5, undefined],
  ['externalId', 10_017, '10017'],
  ['externalId', 1e300, undefined],
  ['externalId', Number.NaN, undefined],
  ['externalId', false, undefined],
  ['country', ' de ', 'DE'],
  ['country', 'Germany', undefined],
  ['country', 'D1', undefined],
  ['country', 49, undefined],
  ['vatNumber', 'de 298.471-536', 'DE298471536'],
  ['vatNumber', '?', undefined],
];

for (const [index, [field, value, result]] of values.entries())
  test(`${index + 1}. As ${field}, ${JSON.stringify(value).slice(0, 60)} is ${result === undefined ? 'missing' : `"${result.slice(0, 40)}"`}.`, (t) => {
    const { partner, missing } = mapPartner({ [field]: value }, { name: 'name', [field]: field });
    t.is(partner[field], result);
    t.is(missing.includes(field), result === undefined);
  });

test('Only mapped fields are taken: no role, no type, no id of a partner here.', (t) => {
  const record = { name: 'Nordwind', role: 'staff', type: 'admin', partnerId: 'other', city: 'Hamburg' };
  t.deepEqual(mapPartner(record, mappingGuard.parse({ name: 'name' })), { partner: { name: 'Nordwind' }, missing: [] });
  t.false(mappingGuard.safeParse({ name: 'name', role: 'role' }).success);
});

test('Only own properties are read, on every step of a path.', (t) => {
  const record = JSON.parse('{"__proto__":{"name":"Evil"},"a":{"b":"text"},"list":["x"]}');
  for (const name of [
    'toString',
    'constructor.name',
    'a.toString.name',
    '__proto__.toString',
    'a.b.length',
    'list.map',
  ])
    t.deepEqual(mapPartner(record, { name }), { partner: {}, missing: ['name'] });
  t.deepEqual(mapPartner({}, { name: '__proto__.name' }), { partner: {}, missing: ['name'] });
  t.is(mapPartner(record, { name: 'list.0' }).partner.name, 'x');
  t.is(({} as { name?: string }).name, undefined);
});

test('A column whose name has a dot in it is found by that name.', (t) => {
  t.is(mapPartner({ 'company.name': 'Nordwind' }, { name: 'company.name' }).partner.name, 'Nordwind');
});

for (const name of [
  '',
  ' ',
  '.',
  'a..b',
  '.a',
  'a.',
  '__proto__',
  'a.__proto__.b',
  'a.constructor',
  'prototype.a',
  'a.b.c.d.e.f.g.h.i',
  'a\0',
  'x'.repeat(201),
  undefined,
  7,
])
  test(`A mapping to ${JSON.stringify(name)?.slice(0, 30)} is not taken.`, (t) => {
    const { error } = mappingGuard.safeParse({ name });
    t.deepEqual(error?.issues[0]?.path, ['name']);
    t.regex(error?.issues[0]?.message ?? '', /^(required|invalidPath|tooLong)$/);
  });

test('Fields left empty in the form are not mapped, and a stored mapping is taken again.', (t) => {
  const parsed = mappingGuard.parse({
    ...Object.fromEntries(partnerFields.map((field) => [field, ''])),
    name: ' a.b ',
  });
  t.deepEqual(JSON.parse(JSON.stringify(parsed)), { name: 'a.b' });
  t.deepEqual(mappingGuard.parse(JSON.parse(JSON.stringify(parsed))), mappingGuard.parse({ name: 'a.b' }));
  t.is(mappingGuard.safeParse({ name: 'a', city: 'a..b' }).error?.issues[0]?.message, 'invalidPath');
});

test('Whatever a provider answers, the partner is clean text, and cleaning it again changes nothing.', (t) => {
  const record = fc.dictionary(
    fc.constantFrom(...partnerFields),
    fc.oneof(fc.string({ unit: 'binary' }), fc.anything()),
  );
  fc.assert(
    fc.property(record, (answer) => {
      const { partner, missing } = mapPartner(answer, identity);
      t.is(Object.keys(partner).length + missing.length, partnerFields.length);
      for (const value of Object.values(partner)) {
        t.notRegex(value, /[\p{Cc}\p{Cs}\u200B\u202A-\u202E\u2066-\u2069\uFEFF]|^\s|\s$/u);
        t.true(value !== '' && [...value].length <= 200);
      }
      t.deepEqual(mapPartner(partner, identity).partner, partner);
    }),
  );
});
