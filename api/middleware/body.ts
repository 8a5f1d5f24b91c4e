import getRawBody from 'raw-body';
import { assertThat, RequestError } from '../errors.js';
import type { Context, Route } from '../http.js';

/** Whole body, bytes (security.md V12). */
const largestBody = 64 * 1024;
const deepestNesting = 8;

/**
 * Reads a body of exactly the type the route takes (V13): JSON for the API, a form for pages. Of equal JSON keys the
 * last counts, as JSON.parse has it; equal form fields are refused (V1, V2).
 */
export async function readBody(ctx: Context, { kind, bodyLimit: limit = largestBody }: Route): Promise<unknown> {
  const type = kind === 'api' ? 'application/json' : 'application/x-www-form-urlencoded';
  const [mediaType = '', ...parameters] = ctx
    .get('Content-Type')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const plainCharset = parameters.every((parameter) => /^charset="?utf-8"?$/.test(parameter));
  assertThat(mediaType === type && plainCharset, 'unsupportedMediaType');
  assertThat(!ctx.get('Content-Encoding'), 'unsupportedMediaType');
  const text = await getRawBody(ctx.req, { limit, length: ctx.get('Content-Length'), encoding: 'utf-8' });
  return kind === 'api' ? parseJson(text) : parseForm(text);
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text, (key, inner) => {
      assertThat(!isPrototypeKey(key), 'badRequest');
      return inner;
    });
    assertThat(depth(value) <= deepestNesting, 'badRequest');
    return value;
  } catch (error) {
    // The parser's own words repeat what was sent.
    throw error instanceof RequestError ? error : new RequestError('badRequest');
  }
}

function parseForm(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    assertThat(!(name in fields) && !isPrototypeKey(name), 'badRequest');
    fields[name] = value;
  }
  return fields;
}

/** Keys that would reach an object's prototype when copied (V3). */
const isPrototypeKey = (key: string) => key === '__proto__' || key === 'constructor' || key === 'prototype';

function depth(value: unknown): number {
  let level = 0;
  for (let layer = [value]; layer.length > 0 && level <= deepestNesting; level++)
    layer = layer.flatMap((inner) => (typeof inner === 'object' && inner !== null ? Object.values(inner) : []));
  return level;
}
