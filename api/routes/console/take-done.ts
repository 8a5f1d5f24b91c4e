import { readFlash, setFlash } from '../../flash.js';
import type { Context } from '../../http.js';

/**
 * What the last action has left to be said (`<area>.done.<key>`), once: the next page, which may be one of another area,
 * must not say it again.
 */
export function takeDone(ctx: Context, secure: boolean): string | undefined {
  const { done } = readFlash(ctx, secure);
  if (done) setFlash(ctx, {}, secure);
  return done;
}
