import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { LogFile } from './log-file.js';
import { recordProcess, stopTimeout } from './process-identity.js';

export interface ChildOptions {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** Run as this user instead of root. */
  user?: { uid: number; gid: number };
  log: LogFile;
  /** The signal that asks this program to end properly. */
  stopSignal?: NodeJS.Signals;
  /** Opens an IPC channel; `ready` then waits for the message `{ ready: true }`. */
  ipc?: boolean;
  /** File in which the running process is written down for the next start. */
  record?: string;
}

export interface Child {
  pid: number;
  /** Resolves when the child says that it is ready; never without `ipc`. */
  ready: Promise<void>;
  /** Resolves, never rejects, with "exit code 1" or "signal SIGKILL". */
  exited: Promise<string>;
  exitCode(): number | null;
  /** Asks the child to end and kills it after `stopTimeout`; resolves when it is gone. */
  stop(): Promise<void>;
  kill(): void;
}

const living = new Set<Child>();

/** Every child that still runs, those that are only just starting included. */
export const livingChildren = (): ReadonlySet<Child> => living;

/**
 * Starts a program in a session of its own, so that Ctrl-C in the terminal reaches only this process, which then stops
 * its children in the right order. A watchdog ends the child when this process dies without doing so.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { command, args, user, log, ipc } = options;
  const process_ = spawn(command, args, {
    // Another user may not be allowed to enter our folder.
    cwd: user ? '/' : undefined,
    env: options.env ?? process.env,
    detached: true,
    stdio: ipc ? ['ignore', log.fd, log.fd, 'ipc'] : ['ignore', log.fd, log.fd],
    ...user,
  });
  const exited = new Promise<string>((resolve) => {
    process_.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  await once(process_, 'spawn').catch((error) => {
    throw new Error(`${command} could not be started: ${error.message}`);
  });
  const child = watch(process_, exited, options);
  living.add(child);
  return child;
}

function watch(process_: ChildProcess, exited: Promise<string>, { stopSignal = 'SIGTERM', record }: ChildOptions) {
  const pid = process_.pid as number;
  if (record) recordProcess(record, pid, stopSignal);
  const watchdog = startWatchdog(pid, stopSignal);
  const child: Child = {
    pid,
    exited,
    ready: new Promise((resolve) => {
      process_.on('message', (message) => {
        if ((message as { ready?: unknown } | null)?.ready === true) resolve();
      });
    }),
    exitCode: () => process_.exitCode,
    kill: () => void process_.kill('SIGKILL'),
    stop: async () => {
      const killer = setTimeout(() => process_.kill('SIGKILL'), stopTimeout);
      process_.kill(stopSignal);
      await exited;
      clearTimeout(killer);
    },
  };
  void exited.then(() => {
    living.delete(child);
    watchdog.kill('SIGKILL');
    if (record) rmSync(record, { force: true });
  });
  return child;
}

// Waits for the end of its standard input, which only comes when this process is gone, however it died.
const watchdogScript = `
read -r _
kill -s "$2" "$1" 2>/dev/null
tries=0
while kill -0 "$1" 2>/dev/null && [ "$tries" -lt "$3" ]; do sleep 0.1; tries=$((tries + 1)); done
kill -s KILL "$1" 2>/dev/null
`;

function startWatchdog(pid: number, signal: NodeJS.Signals) {
  const tries = String(stopTimeout / 100);
  const args = ['-c', watchdogScript, 'vestibule-watchdog', String(pid), signal.slice('SIG'.length), tries];
  const watchdog = spawn('/bin/sh', args, { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // A killed watchdog is no reason to fail, nor to keep this process running.
  watchdog.on('error', () => {});
  watchdog.stdin.on('error', () => {});
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return watchdog;
}
