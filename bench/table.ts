import type { Machine } from './machine.js';
import type { Measurement, SubjectResult } from './measure.js';
import type { Options, Store, Variant } from './options.js';

export interface Result extends SubjectResult {
  variant: Variant;
  store: Store;
}

interface Column {
  store: Store;
  atOnce: number;
}

export type Row = [title: string, ...cells: string[]];

const titles: Record<Variant, string> = {
  floor: 'Floor',
  product: 'Product',
  'without-hash': 'Product without the password hash',
  'partner-code': 'Product: somebody of a partner, by a code',
  'partner-provider': 'Product: somebody of a partner, whom the provider knows',
};

/** The results as one Markdown table, which is also readable as it is: a column for each store and number at once. */
export function renderTable(machine: Machine, options: Options, results: Result[]): string {
  const columns = options.stores.flatMap((store) => options.atOnce.map((atOnce) => ({ store, atOnce })));
  const rows = options.variants.flatMap((variant) => variantRows(variant, columns, results));
  const head: Row = ['', ...columns.map(({ store, atOnce }) => `${store}, ${atOnce}`)];
  return `${describe(machine, options)}\n\n${align([head, ...rows, ...ratioRows(columns, results)])}\n`;
}

function describe({ date, commit, processor, memoryGb, system, load, versions }: Machine, { seconds }: Options) {
  const busy = (load[0] ?? 0) > 1 ? ', **a busy machine: compare nothing with these figures**' : '';
  return [
    `Measured ${date} UTC, commit ${commit}, ${seconds} s for each column.`,
    `${processor}, ${memoryGb} GB, ${system}; load before it began ${load.join(' ')}${busy}.`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}. PostgreSQL with its default, durable settings.`,
    'Columns: where Temporal keeps its histories, and registrations at once. Times are milliseconds, p50 / p95.',
  ].join('\n');
}

function variantRows(variant: Variant, columns: Column[], results: Result[]): Row[] {
  const found = columns.map((column) => measurementOf(results, variant, column));
  const [sample] = found;
  if (!sample) return [];
  const row = (title: string, cell: (measurement: Measurement) => string): Row => [
    title,
    ...found.map((measurement) => (measurement ? cell(measurement) : '')),
  ];
  const total = ({ cpu }: Measurement) =>
    Object.entries(cpu).reduce((sum, [name, used]) => (name === 'load generator' ? sum : sum + used), 0);
  return [
    [`**${titles[variant]}**`, ...columns.map(() => '')],
    row('registrations/s', ({ perSecond }) => `**${perSecond.toFixed(1)}**`),
    row('registrations measured (failed)', ({ registrations, failed }) => `${registrations} (${failed})`),
    ...Object.keys(sample.steps).map((step) =>
      row(step, ({ steps }) => `${oneDigit(steps[step]?.p50)} / ${oneDigit(steps[step]?.p95)}`),
    ),
    ...Object.keys(sample.cpu).map((name) => row(`CPU-ms each: ${name}`, ({ cpu }) => oneDigit(cpu[name]))),
    row('CPU-ms each: all but the load generator', (measurement) => oneDigit(total(measurement))),
    row(
      'history: events (workflow tasks)',
      ({ history }) => `${short(history.events)} (${short(history.workflowTasks)})`,
    ),
    row('history: bytes', ({ history }) => history.bytes.toFixed(0)),
    row('billable Temporal actions', ({ history }) => short(history.actions)),
    ...Object.keys(sample.peakMemory).map((name) =>
      row(`peak memory, MB: ${name}`, ({ peakMemory }) => ((peakMemory[name] ?? 0) / 1e6).toFixed(0)),
    ),
    ...perStoreRows(variant, columns, results),
  ];
}

/** What is measured once for a store stands in the first of its columns. */
function perStoreRows(variant: Variant, columns: Column[], results: Result[]): Row[] {
  const row = (title: string, cell: (result: Result) => string): Row => [
    title,
    ...columns.map(({ store }, index) => {
      const result = results.find((each) => each.variant === variant && each.store === store);
      return result && columns[index - 1]?.store !== store ? cell(result) : '';
    }),
  ];
  const sample = results.find((result) => result.variant === variant);
  return [
    ...Object.keys(sample?.readyAfter ?? {}).map((name) =>
      row(`ready after, ms: ${name}`, ({ readyAfter }) => (readyAfter[name] ?? 0).toFixed(0)),
    ),
    ...(sample?.sql
      ? [
          row('SQL statements', ({ sql }) => String(sql?.statements)),
          row('SQL transactions', ({ sql }) => String(sql?.transactions)),
        ]
      : []),
  ];
}

function ratioRows(columns: Column[], results: Result[]): Row[] {
  const perSecond = (variant: Variant, column: Column) => measurementOf(results, variant, column)?.perSecond;
  const row = (variant: Variant, title: string): Row => [
    title,
    ...columns.map((column) => {
      const [floor, product] = [perSecond('floor', column), perSecond(variant, column)];
      return floor && product ? `**${Math.round((100 * product) / floor)} %**` : '';
    }),
  ];
  const rows = [row('product', 'product'), row('without-hash', 'product without the password hash')];
  const told = rows.filter(([, ...cells]) => cells.some((cell) => cell !== ''));
  return told.length > 0 ? [['**Registrations/s of the floor’s**', ...columns.map(() => '')], ...told] : [];
}

const measurementOf = (results: Result[], variant: Variant, { store, atOnce }: Column): Measurement | undefined =>
  results
    .find((result) => result.variant === variant && result.store === store)
    ?.measurements.find((measurement) => measurement.atOnce === atOnce);

const oneDigit = (value: number | undefined): string => value?.toFixed(1) ?? '';
const short = (value: number): string => String(Number(value.toFixed(1)));

/** Rows of Markdown as a table that is also readable as it is. */
export function align([head, ...rows]: Row[]): string {
  const all = [head as Row, ...rows];
  const widths = (head as Row).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0), 3));
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const pad = (row: Row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(pad(head as Row)), line(rule), ...rows.map((row) => line(pad(row)))].join('\n');
}
