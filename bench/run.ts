/** `npm run bench`: measures the product and the least that Temporal would need; prints one table. See README.md. */
import { findTemporalCli } from '../dev/temporal-cli.js';
import { startFloor } from './floor.js';
import { describeMachine } from './machine.js';
import { measureSubject } from './measure.js';
import { parseOptions, type Store, type Variant } from './options.js';
import { startProduct, startProductForPartners } from './product.js';
import type { Subject } from './subject.js';
import { type Result, renderTable } from './table.js';

const options = parseOptions(process.argv.slice(2));
/** The results alone go to standard output. */
const say = (line: string) => console.error(line);
const cli = await findTemporalCli({ say });
const machine = describeMachine(cli);
const results: Result[] = [];
for (const store of options.stores)
  for (const variant of options.variants) {
    say(`${variant}, Temporal's store: ${store}`);
    try {
      results.push({ variant, store, ...(await measureVariant(variant, store)) });
    } catch (error) {
      // What the others have shown is not thrown away with it.
      console.error(error);
      process.exitCode = 1;
    }
  }
for (const warning of differences(results)) say(warning);
console.log(
  options.json ? JSON.stringify({ machine, options, results }, null, 2) : renderTable(machine, options, results),
);

async function measureVariant(variant: Variant, store: Store) {
  const subject = await start(variant, store);
  try {
    return await measureSubject(subject, { ...options, say });
  } finally {
    await subject.stop();
  }
}

function start(variant: Variant, store: Store): Promise<Subject> {
  if (variant === 'floor') return startFloor(cli, store);
  if (variant === 'partner-code' || variant === 'partner-provider') return startProductForPartners(cli, store, variant);
  return startProduct(cli, store, variant);
}

/** The comparison is fair only while both ask the same of Temporal. */
function differences(all: Result[]): string[] {
  const eventsOf = (wanted: Variant) => all.find(({ variant }) => variant === wanted)?.measurements[0]?.history.newest;
  const [floor, product] = [eventsOf('floor'), eventsOf('product')];
  if (!floor || !product || floor.join() === product.join()) return [];
  return [
    'The floor no longer does what the product does; adapt floor-workflow.ts.',
    `  floor:   ${floor.join(' ')}`,
    `  product: ${product.join(' ')}`,
  ];
}
