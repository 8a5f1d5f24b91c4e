import { Readable } from 'node:stream';
import type { Context } from './http.js';

/** Programs for tables take these at the start of a cell for a formula (security.md V15). */
const formulaStart = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

const cell = (value: string): string => `"${(formulaStart.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
const csvLine = (values: string[]): string => `${values.map(cell).join(',')}\r\n`;

/** Without it, Excel takes the text for another encoding. */
const byteOrderMark = '\uFEFF';

/** Answers with a table to save (RFC 4180), page by page as the database gives it, whatever its length. */
export function sendCsv(ctx: Context, name: string, head: string[], pages: AsyncIterable<string[][]>): void {
  async function* text() {
    yield byteOrderMark + csvLine(head);
    for await (const rows of pages) yield rows.map(csvLine).join('');
  }
  ctx.status = 200;
  ctx.attachment(`${name}.csv`);
  ctx.type = 'text/csv; charset=utf-8';
  ctx.set('Cache-Control', 'no-store');
  ctx.body = Readable.from(text());
}
