import { createHash } from 'node:crypto';
import type { Context } from './http.js';

/**
 * Answers with JSON and its tag, or with 304 to whoever has this very answer already. The tag is made from the answer
 * itself: no column has to be kept for it, and nothing that is shown can change without it.
 */
export function sendTagged(ctx: Context, body: unknown): void {
  const text = JSON.stringify(body);
  ctx.type = 'application/json';
  ctx.set('Cache-Control', 'private, no-cache');
  ctx.vary('Authorization');
  ctx.etag = createHash('sha256').update(text).digest('base64url');
  ctx.status = 200;
  if (ctx.fresh) ctx.status = 304;
  else ctx.body = text;
}
