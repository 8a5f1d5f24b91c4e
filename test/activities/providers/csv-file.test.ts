import test from 'ava';
import fc from 'fast-check';
import { canonicalCode } from '../../../activities/providers/csv-file/canonical-code.js';
import { csvFile } from '../../../activities/providers/csv-file/index.js';
import { type ListError, parsePartnerList } from '../../../activities/providers/csv-file/parse-list.js';
import { buildTools } from './fixtures.js';

const nordwind = { code: 'NORTH7K3F', record: { code: 'north-7k3f', name: 'Nordwind, Hamburg' } };

const lists: [name: string, text: string][] = [
  ['commas', 'code,name\nnorth-7k3f,"Nordwind, Hamburg"\n'],
  ['semicolons', 'code;name\nnorth-7k3f;Nordwind, Hamburg\n'],
  ['semicolons and a comma in a quoted column name', '"code";"name"\nnorth-7k3f;"Nordwind, Hamburg"'],
  ['a byte order mark', '\uFEFFcode,name\nnorth-7k3f,"Nordwind, Hamburg"\n'],
  ['a byte order mark and quotes', '\uFEFF"code";"name"\nnorth-7k3f;"Nordwind, Hamburg"\n'],
  ['line ends of Windows', 'code,name\r\nnorth-7k3f,"Nordwind, Hamburg"\r\n'],
  ['line ends of old Macs', 'code,name\rnorth-7k3f,"Nordwind, Hamburg"\r'],
  ['empty lines', '\n\ncode,name\n\nnorth-7k3f,"Nordwind, Hamburg"\n,\n\n'],
  ['spaces around', ' code , name \n north-7k3f , "Nordwind, Hamburg" \n'.replace(', "', ',"').replace('" ', '"')],
  ['NUL characters', 'code,na\0me\nnorth-7k3f,"Nordwind,\0 Hamburg"\n'],
];

for (const [name, text] of lists)
  test(`A list with ${name} is read.`, (t) => {
    t.deepEqual(parsePartnerList(text), { rows: [nordwind], errors: [] });
  });

test('The column of the codes may stand anywhere and be written in capitals; short rows have what they have.', (t) => {
  t.deepEqual(parsePartnerList('name,CODE,city\nNordwind,a-1').rows, [
    { code: 'A1', record: { name: 'Nordwind', CODE: 'a-1' } },
  ]);
});

test('A column may have any name, without doing harm.', (t) => {
  const { rows } = parsePartnerList('code,__proto__,constructor\na,x,y');
  t.deepEqual(Object.entries(rows[0]?.record ?? {}), [
    ['code', 'a'],
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  t.is(({} as { x?: unknown }).x, undefined);
});

const columns = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`).join();
const codes = (count: number) => Array.from({ length: count }, (_, index) => `P${index}`).join('\n');

const faults: [name: string, text: string, errors: ListError[]][] = [
  ['nothing', '', [{ line: 1, code: 'codeColumnMissing' }]],
  ['no column of codes', 'name\nNordwind', [{ line: 1, code: 'codeColumnMissing' }]],
  ['two columns of one name', 'code,name,name\na,b,c', [{ line: 1, code: 'columnDuplicate' }]],
  ['too many columns', `code,${columns(50)}\n`, [{ line: 1, code: 'tooManyColumns' }]],
  ['a code that is missing', 'code,name\n-,Nordwind', [{ line: 2, code: 'codeEmpty' }]],
  ['a code that is there twice', 'code\nA-1\nB\na 1', [{ line: 4, code: 'codeDuplicate' }]],
  ['a code that is too long', `code\n${'x'.repeat(101)}`, [{ line: 2, code: 'codeTooLong' }]],
  ['a row with too many cells', 'code,name\na,b,c', [{ line: 2, code: 'tooManyColumns' }]],
  [
    'several faults',
    'code,name\n,a\nb,b\nb,b',
    [
      { line: 2, code: 'codeEmpty' },
      { line: 4, code: 'codeDuplicate' },
    ],
  ],
  ['a quote that is never closed', 'code\nb\n"a\nc', [{ line: 3, code: 'unreadable' }]],
  ['a row without end', `code\n"${'a\n'.repeat(6_000)}`, [{ line: 2, code: 'rowTooLong' }]],
  ['more than 20,000 partners', `code\n${codes(20_001)}`, [{ line: 1, code: 'tooManyRows' }]],
];

for (const [name, text, errors] of faults)
  test(`A list with ${name} is not taken: ${errors.map(({ line, code }) => `${line} ${code}`)}.`, (t) => {
    t.deepEqual(
      parsePartnerList(text).errors.map(({ line, code }) => ({ line, code })),
      errors,
    );
  });

test('20,000 partners are taken.', (t) => {
  const { rows, errors } = parsePartnerList(`code\n${codes(20_000)}`);
  t.is(rows.length, 20_000);
  t.deepEqual(errors, []);
});

test('No text makes the reader of lists fail, and every row it gives has a code of its own.', (t) => {
  const text = fc.array(fc.constantFrom('code', 'name', ',', ';', '"', '\n', '\r\n', ' ', 'a', 'B-1', '\uFEFF', 'ä'), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(text, (pieces) => {
      const { rows } = parsePartnerList(`code,name\n${pieces.join('')}`);
      return new Set(rows.map(({ code }) => code)).size === rows.length && rows.every(({ code }) => code !== '');
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('However a code is typed, it is compared in one form.', (t) => {
  for (const typed of ['NORTH-7K3F-2M9T', 'north 7k3f 2m9t', 'ＮＯＲＴＨ7k3f2m9t', ' North–7K3F—2m9t\u00a0'])
    t.is(canonicalCode(typed), 'NORTH7K3F2M9T');
  t.notThrows(() =>
    fc.assert(fc.property(fc.string(), (typed) => canonicalCode(canonicalCode(typed)) === canonicalCode(typed))),
  );
});

test('The plugin finds who is listed, and nobody else.', async (t) => {
  const tools = buildTools({ findListed: async (code) => (code === nordwind.code ? nordwind.record : undefined) });
  t.deepEqual(await csvFile.lookup(' north-7k3f', {}, tools), { outcome: 'found', record: nordwind.record });
  t.deepEqual(await csvFile.lookup('NORTH-0000', {}, tools), { outcome: 'notFound' });
});

test('A code that nobody can have is not searched for.', async (t) => {
  const tools = buildTools({ findListed: () => Promise.reject(new Error('searched')) });
  for (const code of ['', ' - ', 'A\0', '\ud800A', 'A'.repeat(101)])
    t.deepEqual(await csvFile.lookup(code, {}, tools), { outcome: 'notFound' });
});

test('A table that cannot be read is no answer: the failure is left to the engine to retry.', async (t) => {
  const tools = buildTools({ findListed: () => Promise.reject(new Error('database is away')) });
  await t.throwsAsync(csvFile.lookup('A', {}, tools), { message: 'database is away' });
});
