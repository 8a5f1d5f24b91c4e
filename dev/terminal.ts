import { livingChildren } from './child-process.js';
import { type Addresses, type LaunchOptions, launch } from './launch.js';

/** npm passes Ctrl-C on although the terminal has sent it already; signals this close together are one; milliseconds. */
const sameSignal = 500;
/** How often it is checked that npm still lives, in milliseconds. */
const parentCheckInterval = 1000;

/**
 * `launch` for people: prints where everything is, runs until Ctrl-C (SIGTERM, SIGHUP) and ends the process, with exit
 * code 1 when the start failed. A second Ctrl-C kills all parts at once.
 */
export async function runInTerminal(options: Omit<LaunchOptions, 'say'>) {
  const say = (line: string) => console.log(line);
  // A closed terminal must not break the orderly stop.
  process.stdout.on('error', () => {});
  const launched = launch({ ...options, say });
  let stoppingSince: number | undefined;
  const stop = async () => {
    stoppingSince = Date.now();
    say('\nStopping …');
    await launched.stop();
    say('Stopped. The data is kept.');
    process.exit(0);
  };
  const onSignal = () => {
    if (stoppingSince === undefined) void stop();
    else if (Date.now() - stoppingSince > sameSignal) killAndExit();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  watchNpm(options.env, () => {
    if (stoppingSince === undefined) void stop();
  });
  try {
    say(describe(await launched.ready));
  } catch (error) {
    if (stoppingSince !== undefined) return;
    stoppingSince = Date.now();
    console.error(`\n${(error as Error).message}`);
    await launched.stop();
    process.exit(1);
  }
}

function killAndExit() {
  for (const child of livingChildren()) child.kill();
  process.exit(130);
}

/** A killed npm takes only its shell along: the signal never gets here, but our parent changes. */
function watchNpm(env: NodeJS.ProcessEnv, onEnd: () => void) {
  if (!env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnd();
  }, parentCheckInterval);
}

function describe(addresses: Addresses): string {
  const rows: [string, string | undefined][] = [
    ['Application', addresses.application],
    ['Console', `${addresses.application}/console`],
    ['Mail inbox', addresses.inbox],
    ['Provider', addresses.provider],
    ['Temporal UI', addresses.temporalUi],
    ['Temporal', addresses.temporal],
    ['PostgreSQL', addresses.postgres],
    ['Data', addresses.data],
    ['Logs', addresses.logs],
  ];
  const lines = rows.filter(([, value]) => value).map(([title, value]) => `  ${title.padEnd(13)}${value}`);
  const operator = addresses.operatorLink
    ? ['', '  No operator yet. This link, good for one use, sets the first one up:', `  ${addresses.operatorLink}`]
    : [];
  return [
    '',
    '  Vestibule is running.',
    '',
    ...lines,
    ...operator,
    '',
    '  Ctrl-C stops everything; the data stays.',
    '',
  ].join('\n');
}
