/** What every change in the Console shares. */
import { z } from 'zod';
import { setFlash } from '../../flash.js';
import { type Context, seeOther } from '../../http.js';

/** The fields that every form of the Console carries besides its own. */
export const formFields = { formToken: z.string().optional() };
export const plainForm = z.strictObject(formFields);

/** Who changes something, and from where, for the audit log. */
export const auditOf = (ctx: Context) => ({ staffId: ctx.state.staff!.staffId, source: ctx.state.source });

/** Goes on to a page that says what was done; the words are in the catalogue under `<area>.done.<key>`. */
export function done(ctx: Context, path: string, key: string, secure: boolean): void {
  setFlash(ctx, { done: key }, secure);
  seeOther(ctx, path);
}
