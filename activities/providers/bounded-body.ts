import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** In bytes, of the body as it comes and of what it unfolds to (security.md F4). */
const bodyLimit = 64 * 1024;

export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/** Not text, or compressed in a way that is unknown or broken. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

const decoders = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/** The whole body as text; it is unfolded piece by piece, so that a small one that holds a huge one is cut off early. */
export async function readBody(body: Readable, encoding = 'identity'): Promise<string> {
  const decoder = decoders.get(encoding.toLowerCase());
  if (!decoder && encoding.toLowerCase() !== 'identity') {
    body.on('error', () => {}).destroy();
    throw new Unreadable();
  }
  const chunks: Buffer[] = [];
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk);
  };
  try {
    await (decoder ? pipeline(body, bounded, decoder(), bounded, collect) : pipeline(body, bounded, collect));
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw isUnreadable(error) ? new Unreadable() : error;
  }
}

async function* bounded(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > bodyLimit) throw new TooLarge();
    yield chunk;
  }
}

/** Codes of zlib, of Brotli and of the text decoder. */
const isUnreadable = (error: unknown) => /^(Z_|ERR__|ERR_ENCODING_)/.test(String((error as { code?: unknown }).code));
