import type { Machine } from './machine.js';
import type { OpenResult, Starts, Step, Times } from './open-steps.js';
import type { Store } from './options.js';
import { align, type Row } from './table.js';

/** Of a start's p95, against that at the first step. */
const mostRatio = 1.5;
/** Milliseconds, p95. */
const mostConsole = 100;
/** A process whose memory grows by less is called flat. */
const mostGrowth = 1.25;
/** Open registrations with which all caches are full: from there on memory is compared. */
const fullCaches = 10_000;

/** The results as one Markdown table, which is also readable as it is: a column for each step. */
export function renderOpen(machine: Machine, store: Store, { steps, failed, failures }: OpenResult): string {
  const head: Row = ['', ...steps.map(({ open }) => `${open.toLocaleString('en')} open`)];
  const row = (title: string, cell: (step: Step) => string): Row => [title, ...steps.map(cell)];
  const section = (title: string): Row => [`**${title}**`, ...steps.map(() => '')];
  const rows = [
    section('Start'),
    ...startRows(steps),
    section('On the way there, each registration'),
    row('opened a second', ({ filled }) => filled?.perSecond.toFixed(0) ?? ''),
    ...keys(steps, ({ filled }) => filled?.cpu ?? {}).map((name) =>
      row(`CPU-ms: ${name}`, ({ filled }) => oneDigit(filled?.cpu[name])),
    ),
    row('bytes of PostgreSQL’s write-ahead log', ({ filled }) => filled?.walBytes.toFixed(0) ?? ''),
    section('Memory, MB resident'),
    ...keys(steps, ({ memory }) => memory).map((name) =>
      row(name, ({ memory }) => ((memory[name] ?? 0) / 1e6).toFixed(0)),
    ),
    section('Disk, bytes a registration'),
    row('PostgreSQL', ({ size }) => size.database.toFixed(0)),
    row('PostgreSQL without counters of limits', ({ size }) => size.withoutLimits.toFixed(0)),
    row('Temporal’s file', ({ size }) => size.temporal?.toFixed(0) ?? ''),
    section('Console, ms'),
    ...keys(steps, ({ console }) => console).map((name) => row(name, ({ console }) => both(console[name]))),
    section('A round of the jobs: ms (statements, most rows of one)'),
    ...keys(steps, ({ jobs }) => jobs).map((name) =>
      row(name, ({ jobs: { [name]: round } }) =>
        round ? `${round.milliseconds.toFixed(0)} (${round.statements}, ${round.mostRows})` : '',
      ),
    ),
    row('load over the last minute', ({ load }) => load.toFixed(1)),
  ];
  const failure = failures.length > 0 ? `, the first: ${failures.join('; ')}` : '';
  return `${describe(machine, store)}\n\n${align([head, ...rows])}\n\nFailed: ${failed}${failure}\n\n${verdicts(steps).join('\n')}\n`;
}

function describe({ date, commit, processor, memoryGb, system, load, versions }: Machine, store: Store): string {
  const busy = (load[0] ?? 0) > 1 ? ', **a busy machine: compare nothing with these figures**' : '';
  return [
    `Measured ${date} UTC, commit ${commit}; Temporal's store: ${store}. Times are p50 / p95.`,
    `${processor}, ${memoryGb} GB, ${system}; load before it began ${load.join(' ')}${busy}.`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}. PostgreSQL with its default, durable settings.`,
  ].join('\n');
}

function startRows(steps: Step[]): Row[] {
  return keys(steps, ({ starts }) => starts).flatMap((atOnce) => {
    const of = ({ starts }: Step) => starts[Number(atOnce)];
    return [
      [`${atOnce} at once: accepted after, ms`, ...steps.map((step) => both(of(step)?.start))] as Row,
      [`${atOnce} at once: mail at SMTP after, ms`, ...steps.map((step) => both(of(step)?.mail))] as Row,
      [
        `${atOnce} at once: Temporal’s store, ms a start, visibility + rest`,
        ...steps.map((step) => store(of(step))),
      ] as Row,
      [`${atOnce} at once: p95 against the first step's`, ...steps.map((step) => ratio(steps, step, atOnce))] as Row,
    ];
  });
}

const store = (starts: Starts | undefined): string =>
  `${oneDigit(starts?.store.visibility)} + ${oneDigit(starts?.store.rest)}`;

const p95 = ({ starts }: Step, atOnce: string): number | undefined => starts[Number(atOnce)]?.start.p95;

function ratio(steps: Step[], step: Step, atOnce: string): string {
  const [first, now] = [steps[0] && p95(steps[0], atOnce), p95(step, atOnce)];
  return first && now ? `× ${(now / first).toFixed(2)}` : '';
}

/** The issue's targets, and whether they are met. */
function verdicts(steps: Step[]): string[] {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return [];
  const said = (isMet: boolean, what: string) => `- ${isMet ? 'met' : '**missed**'}: ${what}`;
  const starts = Object.keys(last.starts).map((atOnce) => {
    const grown = (p95(last, atOnce) ?? Number.NaN) / (p95(first, atOnce) ?? Number.NaN);
    const what = `start p95 with ${last.open} open, ${atOnce} at once, × ${grown.toFixed(2)} of that with ${first.open}`;
    return said(grown <= mostRatio, `${what} (at most × ${mostRatio})`);
  });
  const slow = steps.flatMap(({ open, console }) =>
    Object.entries(console)
      .filter(([, times]) => !((times.p95 ?? Number.NaN) <= mostConsole))
      .map(([name, times]) => `${name} ${oneDigit(times.p95)} with ${open}`),
  );
  const base = steps.slice(0, -1).find(({ open }) => open >= fullCaches) ?? first;
  const memory = ['API', 'worker'].map((name) => {
    const grown = (last.memory[name] ?? Number.NaN) / (base.memory[name] ?? Number.NaN);
    const what = `memory of ${name} with ${last.open} open × ${grown.toFixed(2)} of that with ${base.open}`;
    return said(grown <= mostGrowth, `${what} (at most × ${mostGrowth})`);
  });
  const list = slow.length > 0 ? `: ${slow.join(', ')}` : '';
  return [...starts, ...memory, said(slow.length === 0, `Console p95 at most ${mostConsole} ms${list}`)];
}

/** Names in the order in which they first occur; the last step has jobs that the others have not. */
const keys = (steps: Step[], of: (step: Step) => object): string[] => [
  ...new Set(steps.flatMap((step) => Object.keys(of(step)))),
];

const both = (times: Times | undefined): string => `${oneDigit(times?.p50)} / ${oneDigit(times?.p95)}`;
const oneDigit = (value: number | undefined): string => value?.toFixed(1) ?? '';
