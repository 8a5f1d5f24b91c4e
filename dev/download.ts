import { execFile } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Program } from './temporal-programs.js';

/** A machine without internet access shall lose little time here; milliseconds. */
const answerTimeout = 3000;
/** A download in which nothing arrives for this long is given up; milliseconds. */
const stallTimeout = 20_000;
/** Temporal's names of Node's architectures. */
const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Downloads a program as Temporal's SDKs do: temporal.download names the archive and the file in it. Trusted, like there,
 * because it comes over HTTPS from its maker. Returns the path of the program inside `folder`.
 */
export async function downloadFromTemporal(program: Program, baseUrl: string, folder: string): Promise<string> {
  const arch = architectures[process.arch];
  if (!arch) throw new Error(`there is no program for ${process.arch}`);
  const query = new URLSearchParams({ arch, platform: process.platform, format: 'tar.gz' });
  const { archiveUrl, fileToExtract } = await readDownloadInfo(
    `${baseUrl}/${program.artifact}/v${program.version}?${query}`,
  );
  if (!new URL(archiveUrl).pathname.endsWith('.tar.gz')) throw new Error(`${archiveUrl} is no .tar.gz archive`);
  const archive = join(folder, 'archive.tar.gz');
  await download(archiveUrl, archive);
  const extracted = join(folder, 'extracted');
  mkdirSync(extracted);
  await promisify(execFile)('tar', ['-xzf', archive, '-C', extracted, '--', fileToExtract]);
  const file = join(extracted, fileToExtract);
  if (!file.startsWith(extracted) || !existsSync(file)) throw new Error(`${archiveUrl} does not hold ${fileToExtract}`);
  return file;
}

async function readDownloadInfo(url: string): Promise<{ archiveUrl: string; fileToExtract: string }> {
  const response = await fetchOrExplain(url, AbortSignal.timeout(answerTimeout));
  const { archiveUrl, fileToExtract } = (await response.json()) as Record<string, unknown>;
  if (typeof archiveUrl !== 'string' || typeof fileToExtract !== 'string')
    throw new Error(`${url} does not name an archive`);
  return { archiveUrl, fileToExtract };
}

async function download(url: string, file: string) {
  const stalled = new AbortController();
  const arm = () => setTimeout(() => stalled.abort(new Error('nothing arrives any more')), stallTimeout);
  let timer = arm();
  try {
    const response = await fetchOrExplain(url, stalled.signal);
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    body.on('data', () => {
      clearTimeout(timer);
      timer = arm();
    });
    await pipeline(body, createWriteStream(file), { signal: stalled.signal });
  } finally {
    clearTimeout(timer);
  }
}

async function fetchOrExplain(url: string, signal: AbortSignal) {
  const response = await fetch(url, { signal }).catch((error: Error) => {
    // "fetch failed" alone says nothing.
    throw new Error(error.cause instanceof Error ? error.cause.message : error.message);
  });
  if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
  return response;
}
