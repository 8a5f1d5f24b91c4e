import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { livingChildren } from '../dev/child-process.js';

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/**
 * Milliseconds of processor time, user and system, that a process has used so far: all its threads, its living
 * children, and those that have ended (PostgreSQL has a process for each connection).
 */
export function cpuTime(pid: number): number {
  if (pid === process.pid) return ownCpuTime();
  const own = statOf(pid);
  if (!own) return 0;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat?.parent === pid);
  const ticks = [own.ticks, own.reapedTicks, ...children.map((child) => child?.ticks ?? 0)];
  return (ticks.reduce((sum, part) => sum + part, 0) * 1000) / ticksPerSecond;
}

/** Of the bench itself its children are not part: they are what is measured. */
function ownCpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Undefined when the process is gone. Fields by proc(5), counted from the state, which is the third. */
function statOf(pid: number): { parent: number; ticks: number; reapedTicks: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name in parentheses may hold spaces; the fields after it do not.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const [user = 0, system = 0, reapedUser = 0, reapedSystem = 0] = fields.slice(11, 15);
    return { parent, ticks: user + system, reapedTicks: reapedUser + reapedSystem };
  } catch {
    return undefined;
  }
}

/** Lets `peakMemory` begin anew. */
export const resetPeakMemory = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

/** Most resident memory since the last reset, in bytes. */
export function peakMemory(pid: number): number {
  const [, kilobytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** Resident now, in bytes. */
export function residentMemory(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** Memory mappings that Linux allows a process. */
export const mostMappings = (): number => Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8'));

/** Starts a part of `dev/`, which does not tell its process's number; only one may be starting at a time. */
export async function withPid<Part extends object>(start: () => Promise<Part>): Promise<Part & { pid: number }> {
  const before = new Set(livingChildren());
  const part = await start();
  const child = [...livingChildren()].find((living) => !before.has(living));
  if (!child) throw new Error('the part has no process');
  return { ...part, pid: child.pid };
}
