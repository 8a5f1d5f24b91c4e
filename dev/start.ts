/** `npm start`: everything on this machine, until Ctrl-C. */
import { fileURLToPath } from 'node:url';
import { runInTerminal } from './terminal.js';

const built = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

await runInTerminal({
  scripts: {
    migrate: built('db/migrate.js'),
    operatorLink: built('api/operator-link.js'),
    worker: built('activities/worker.js'),
    api: built('api/server.js'),
  },
  // Beside build/, so that a new build keeps it.
  dataFolder: built('../data'),
  env: process.env,
  // `npm start -- --provider`: with a Partner Provider to play an outage through.
  withProvider: process.argv.includes('--provider'),
});
