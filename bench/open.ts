/** `npm run bench:open`: opens many registrations and shows what it costs that they are there. See README.md. */
import { parseArgs } from 'node:util';
import { choosePort } from '../dev/ports.js';
import { findTemporalCli } from '../dev/temporal-cli.js';
import { describeMachine } from './machine.js';
import { measureOpen } from './open-steps.js';
import { renderOpen } from './open-table.js';
import { type Store, stores } from './options.js';
import { mostMappings } from './processes.js';
import { deploy } from './product.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    store: { type: 'string', default: 'file' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.count);
if (!(Number.isInteger(count) && count > 0)) throw new Error(`--count ${values.count}: must be a whole number above 0`);
if (!stores.includes(values.store as Store)) throw new Error(`--store ${values.store}: must be memory or file`);
const store = values.store as Store;
// In memory Temporal's development server takes nearly one mapping a registration, and dies where it gets no more.
if (store === 'memory' && count > mostMappings())
  throw new Error(
    `--count ${count} --store memory: Linux allows a process ${mostMappings()} memory mappings, and Temporal needs about one a registration; allow more with "sysctl -w vm.max_map_count=${2 * count}"`,
  );

/** The results alone go to standard output. */
const say = (line: string) => console.error(line);
const cli = await findTemporalCli({ say });
const machine = describeMachine(cli);
// Not in the other bench: to keep them costs Temporal something, and the floor has none.
const metricsPort = await choosePort(0);
const deployment = await deploy(cli, store, 'product', { metricsPort });
// It may run for an hour: whoever ends it early is left with nothing that still runs.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void deployment.stop().finally(() => process.exit(1)));
try {
  const result = await measureOpen(deployment, { count, say, metrics: `http://127.0.0.1:${metricsPort}/metrics` });
  console.log(
    values.json ? JSON.stringify({ machine, store, ...result }, null, 2) : renderOpen(machine, store, result),
  );
  if (result.failed > 0) process.exitCode = 1;
} finally {
  await deployment.stop();
}
