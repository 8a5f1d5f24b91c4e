/** What staff type, made clean; the faults are codes of the catalogues (`fieldErrors.<code>`). */
import { z } from 'zod';
import { RequestError } from '../../errors.js';
import type { Context } from '../../http.js';

/** NUL and other controls, lone surrogates, text direction overrides, zero-width characters (security.md V9, V10). */
const unwanted = /[\p{Cc}\p{Cs}\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/u;

/** One line of at most so many code points; trimmed, NFC. */
export const line = (most: number) =>
  z
    .string()
    .refine((text) => !unwanted.test(text), 'invalidCharacters')
    .transform((text) => text.trim().normalize('NFC'))
    .refine((text) => [...text].length <= most, 'tooLong');

/** Several lines; line breaks as a browser sends them become plain ones, tabs stay. */
export const lines = (most: number) =>
  z
    .string()
    .transform((text) => text.replace(/\r\n?/g, '\n'))
    .refine((text) => !unwanted.test(text.replace(/[\n\t]/g, '')), 'invalidCharacters')
    .transform((text) => text.trim().normalize('NFC'))
    .refine((text) => [...text].length <= most, 'tooLong');

/** What a list is searched for: controls, which no name holds and PostgreSQL does not take, are no letters. */
export const searchText = z
  .string()
  .max(200)
  .transform((text) =>
    text
      .replace(/[\p{Cc}\p{Cs}]/gu, ' ')
      .trim()
      .normalize('NFC'),
  )
  .catch('');

/** The id in the path; what is none is not found, without the database being asked. */
export function pathId(ctx: Context): string {
  const id = z.uuid().safeParse(ctx.params.id);
  if (!id.success) throw new RequestError('notFound');
  return id.data;
}

/** A counter that a form carries for the optimistic lock (security.md C19); what is none matches no row. */
export const versionOf = (typed: string): number => (/^\d{1,9}$/.test(typed) ? Number(typed) : -1);
