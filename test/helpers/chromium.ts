import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/** With these, Chromium dies when one context is closed and the next one opened, or checks less than a person's browser. */
const unwanted = /^--(single-process|no-zygote|disable-web-security|allow-running-insecure-content|headless)/;
/** The package holds a Chromium for one platform; on others the tests use the Chrome that is installed. */
const isPacked = process.platform === 'linux' && process.arch === 'x64';

/** A real Chromium: CHROMIUM_PATH, or the one from npm, or (not on Linux x64) an installed Chrome. */
export async function launchChromium(): Promise<Browser> {
  const given = process.env.CHROMIUM_PATH;
  if (given) return chromium.launch({ executablePath: given, args: ['--no-sandbox'] });
  if (!isPacked) return chromium.launch({ channel: 'chrome' });
  const folder = await unpacked();
  const launch = (env: NodeJS.ProcessEnv) =>
    chromium.launch({
      executablePath: join(folder, 'chromium'),
      // Drawing as if there were a graphics card, in software, takes twice the time of drawing without one.
      args: [...sparticuz.args.filter((argument) => !unwanted.test(argument)), '--disable-gpu'],
      // The fonts of the package: the pictures look the same on every machine.
      env: { ...process.env, FONTCONFIG_PATH: join(folder, 'fonts'), ...env } as Record<string, string>,
    });
  try {
    return await launch({});
  } catch (error) {
    if (!/error while loading shared libraries/.test(String(error))) throw error;
    return launch({ LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') });
  }
}

/** Unpacked once a version and user; whole or not there, since several test files may come here at the same time. */
async function unpacked(): Promise<string> {
  const { version } = JSON.parse(
    readFileSync(
      createRequire(import.meta.url)
        .resolve('@sparticuz/chromium')
        .replace(/build\/.*/, 'package.json'),
      'utf8',
    ),
  );
  const folder = join(tmpdir(), `vestibule-chromium-${version}-${userInfo().uid}`);
  if (existsSync(folder)) return folder;
  const unfinished = mkdtempSync(`${folder}-`);
  const script = `await (await import('@sparticuz/chromium')).default.executablePath()`;
  // The package unpacks into TMPDIR; the libraries for systems that lack them come along only where it believes to be in AWS.
  const env = { ...process.env, TMPDIR: unfinished, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' };
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
  const fonts = join(folder, 'fonts');
  writeFileSync(
    join(unfinished, 'fonts', 'fonts.conf'),
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${fonts}</dir><cachedir>${fonts}/cache</cachedir></fontconfig>`,
  );
  try {
    renameSync(unfinished, folder);
  } catch {
    // Another test file was quicker.
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}
