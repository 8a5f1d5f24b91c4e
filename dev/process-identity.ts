import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A part that does not end in this time after being asked to is killed, in milliseconds. */
export const stopTimeout = 10_000;

/**
 * Tells a living process from every other one that ever had its number, which is given anew after a restart of the machine
 * or container. Undefined when there is no such process.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? identityFromProc(pid) : identityFromPs(pid);
  } catch {
    return undefined;
  }
}

/** The command line of a living process; empty when there is none. */
export function processCommand(pid: number): string {
  try {
    if (process.platform !== 'linux') return ps(pid, 'command=');
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function identityFromProc(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command name in parentheses may hold spaces; the fields after it do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticksSinceBoot] = [fields[0], fields[19]];
  // A zombie has ended; where nothing reaps it (a container without init) it would look alive for ever.
  if (state === 'Z') return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticksSinceBoot}`;
}

function identityFromPs(pid: number) {
  const [, state, startedAt] = /^(\S+)\s+(.+)$/.exec(ps(pid, 'stat=,lstart=')) ?? [];
  return state?.startsWith('Z') ? undefined : startedAt;
}

function ps(pid: number, columns: string): string {
  return execFileSync('ps', ['-ww', '-o', columns, '-p', String(pid)], { encoding: 'utf8' }).trim();
}

interface ProcessRecord {
  pid: number;
  identity: string;
  /** Asks it to end properly. */
  stopSignal: NodeJS.Signals;
}

/** Writes down a running process, so that the next start finds it should it be left over. */
export function recordProcess(file: string, pid: number, stopSignal: NodeJS.Signals = 'SIGTERM') {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ pid, identity: processIdentity(pid), stopSignal }));
}

/** Stops the process written down in `file` if it still runs and is the same one; anything else is left alone. */
export async function stopRecordedProcess(file: string) {
  const record = readLivingRecord(file);
  if (record) await stopProcess(record.pid, record.stopSignal);
  rmSync(file, { force: true });
}

/** The number of the process written down in `file`, when it still runs and is the same one. */
export function livingRecordedProcess(file: string): number | undefined {
  return readLivingRecord(file)?.pid;
}

/** Asks a process that is no child of ours to end, waits, and kills it when it does not. */
export async function stopProcess(pid: number, signal: NodeJS.Signals) {
  const identity = processIdentity(pid);
  const isAlive = () => identity !== undefined && processIdentity(pid) === identity;
  if (!isAlive()) return;
  process.kill(pid, signal);
  for (const end = Date.now() + stopTimeout; isAlive() && Date.now() < end; ) await delay(50);
  if (!isAlive()) return;
  process.kill(pid, 'SIGKILL');
  while (isAlive()) await delay(50);
}

function readLivingRecord(file: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
    return processIdentity(record.pid) === record.identity ? record : undefined;
  } catch {
    return undefined;
  }
}
