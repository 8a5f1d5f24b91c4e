import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Beyond this size a log is set aside as `<name>.1` when its part starts; the one set aside before is dropped. */
const logSizeCap = 5 * 1024 * 1024;
/** How much of a log's end is read when a failure is explained, in bytes. */
const tailSize = 4096;

export interface LogFile {
  /** Handed to child processes as stdout and stderr, so that their output is kept even when this process dies. */
  fd: number;
  /** The last lines written through this file since it was opened, for failure messages. */
  tail(lines?: number): string;
  close(): void;
}

/** Opens a log for appending. Without a path the output goes to a nameless file that vanishes with the process. */
export function openLog(path?: string): LogFile {
  const file = path ?? join(tmpdir(), `vestibule-${process.pid}-${process.hrtime.bigint()}.log`);
  mkdirSync(dirname(file), { recursive: true });
  if (path) setAsideWhenLarge(path);
  const fd = openSync(file, 'a+', 0o600);
  if (!path) unlinkSync(file);
  const opened = fstatSync(fd).size;
  return { fd, tail: (lines = 5) => readTail(fd, opened, lines), close: () => closeSync(fd) };
}

function setAsideWhenLarge(path: string) {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logSizeCap) renameSync(path, `${path}.1`);
}

function readTail(fd: number, from: number, lines: number) {
  const end = fstatSync(fd).size;
  const start = Math.max(from, end - tailSize);
  const buffer = Buffer.alloc(Math.max(0, end - start));
  readSync(fd, buffer, 0, buffer.length, start);
  return buffer.toString('utf8').trim().split('\n').slice(-lines).join('\n');
}
