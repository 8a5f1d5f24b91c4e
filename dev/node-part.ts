import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Child, startChild } from './child-process.js';
import { openLog } from './log-file.js';

export interface NodePartOptions {
  /** As a person reads it. */
  title: string;
  script: string;
  args?: string[];
  env: NodeJS.ProcessEnv;
  log: string;
  /** File in which the running process is written down for the next start. */
  record: string;
}

/** A part that has not said `{ ready: true }` by then is taken for broken; milliseconds. */
const readyTimeout = 60_000;
/** A one-shot script whose answer is awaited may take this long, in milliseconds. */
const answerTimeout = 30_000;

/** As the container image runs them: what a request leaves behind is small, and need not pile up (docs/decisions/021). */
export const leanNode = {
  arguments: ['--enable-source-maps', '--max-semi-space-size=4'],
  environment: { MALLOC_ARENA_MAX: '2' },
};
const nodeArguments = (script: string, args: string[] = []) => [...leanNode.arguments, script, ...args];

/** Starts a long-running script; resolves when it says over IPC that it is ready. */
export async function startNodePart({ title, script, args, env, log: path, record }: NodePartOptions): Promise<Child> {
  const log = openLog(path);
  try {
    const command = process.execPath;
    const lean = { ...leanNode.environment, ...env };
    const child = await startChild({ command, args: nodeArguments(script, args), env: lean, log, ipc: true, record });
    const tooLate = new AbortController();
    const failure = await Promise.race([
      child.ready,
      child.exited,
      delay(readyTimeout, `not ready after ${readyTimeout / 1000} s`, { signal: tooLate.signal, ref: false }),
    ]);
    tooLate.abort();
    if (failure === undefined) return child;
    await child.stop();
    throw new Error(`${title} did not start (${failure}); its log is ${path}\n${log.tail()}`);
  } finally {
    log.close();
  }
}

/** Runs a script that does one thing and ends; throws a sentence with the end of its log when it fails. */
export async function runOnce({ title, script, args, env, log: path, record }: NodePartOptions) {
  const log = openLog(path);
  try {
    const child = await startChild({ command: process.execPath, args: nodeArguments(script, args), env, log, record });
    const ending = await child.exited;
    if (child.exitCode() !== 0) throw new Error(`${title} failed (${ending}); its log is ${path}\n${log.tail()}`);
  } finally {
    log.close();
  }
}

/** The last line that a one-shot script prints, if any. It is written nowhere, since it may be a secret. */
export async function askScript(script: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const options = { env, timeout: answerTimeout };
  const { stdout } = await promisify(execFile)(process.execPath, nodeArguments(script), options);
  return stdout.trim().split('\n').at(-1) || undefined;
}
