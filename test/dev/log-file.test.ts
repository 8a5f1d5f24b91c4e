import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openLog } from '../../dev/log-file.js';
import { temporaryFolder } from './fixtures/folders.js';

const write = (fd: number, text: string) => spawnSync('/bin/sh', ['-c', text], { stdio: ['ignore', fd, fd] });

test('a log is appended to, and its tail holds only what was written since it was opened', (t) => {
  const path = join(temporaryFolder(t), 'logs/part.log');
  for (const word of ['first', 'second']) {
    const log = openLog(path);
    write(log.fd, `echo ${word} line; echo ${word} end`);
    t.is(log.tail(1), `${word} end`);
    t.is(log.tail(), `${word} line\n${word} end`);
    log.close();
  }
  t.is(readFileSync(path, 'utf8'), 'first line\nfirst end\nsecond line\nsecond end\n');
  t.is(statSync(path).mode & 0o777, 0o600);
});

test('a log beyond five megabytes is set aside when its part starts', (t) => {
  const path = join(temporaryFolder(t), 'part.log');
  writeFileSync(path, 'x'.repeat(5 * 1024 * 1024));
  openLog(path).close();
  t.false(existsSync(`${path}.1`));
  writeFileSync(path, 'x', { flag: 'a' });
  openLog(path).close();
  t.is(statSync(path).size, 0);
  t.is(statSync(`${path}.1`).size, 5 * 1024 * 1024 + 1);
});

test('without a path the output can be told but leaves no file', (t) => {
  const log = openLog();
  write(log.fd, 'echo nameless');
  t.is(log.tail(), 'nameless');
  log.close();
});
