import { CsvError, parse } from 'csv-parse/sync';
import { canonicalCode } from './canonical-code.js';

const mostRows = 20_000;
const mostColumns = 50;
/** Of a row, in characters: an unclosed quote swallows all that follows. */
const longestRow = 10_000;
const longestCode = 100;

export interface ListedPartner {
  /** In canonical form. */
  code: string;
  /** All columns by the names in the header, the code's among them. */
  record: Record<string, string>;
}

export interface ListError {
  /** As an editor counts them, from 1. */
  line: number;
  /** Such as `codeDuplicate`. */
  code: string;
}

interface Row {
  line: number;
  cells: string[];
}

/**
 * Reads an uploaded list of partners: a header line with a column `code`, then a partner a line, separated by commas
 * or semicolons. Where there are errors the rows without one are given too, but such a list is not to be stored.
 */
export function parsePartnerList(text: string): { rows: ListedPartner[]; errors: ListError[] } {
  const table = readTable(text);
  if ('error' in table) return { rows: [], errors: [table.error] };
  const [header, ...lines] = table.rows;
  const columns = header?.cells.map((name) => name.trim()) ?? [];
  const codeColumn = columns.findIndex((name) => name.toLowerCase() === 'code');
  const fault = headerFault(columns, codeColumn) ?? (lines.length > mostRows ? 'tooManyRows' : undefined);
  if (fault) return { rows: [], errors: [{ line: header?.line ?? 1, code: fault }] };

  const rows: ListedPartner[] = [];
  const errors: ListError[] = [];
  const codes = new Set<string>();
  for (const { line, cells } of lines) {
    const code = canonicalCode(cells[codeColumn] ?? '');
    const rowFault = cells.length > columns.length ? 'tooManyColumns' : codeFault(code, codes);
    codes.add(code);
    if (rowFault) errors.push({ line, code: rowFault });
    else rows.push({ code, record: Object.fromEntries(cells.map((cell, index) => [columns[index], cell.trim()])) });
  }
  return { rows, errors };
}

function readTable(text: string): { rows: Row[] } | { error: ListError } {
  let lastGoodLine = 0;
  try {
    const records = parse(text.replace(/^\uFEFF/, '').replace(unstorable, ''), {
      delimiter: delimiterOf(text),
      info: true,
      max_record_size: longestRow,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      on_record: (record, { lines }) => {
        lastGoodLine = lines;
        return record;
      },
      // One more than the header and the rows that are taken, to see that there are too many.
      to: mostRows + 2,
    }) as unknown as { info: { lines: number }; record: string[] }[];
    return { rows: records.map(({ info, record }) => ({ line: info.lines, cells: record })) };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Where the row begins: an unclosed quote is noticed far below it.
    return {
      error: { line: lastGoodLine + 1, code: error.code === 'CSV_MAX_RECORD_SIZE' ? 'rowTooLong' : 'unreadable' },
    };
  }
}

/** PostgreSQL takes neither into a document; no list holds them on purpose. */
const unstorable = /[\0\p{Cs}]/gu;

/** Spreadsheets of many European languages write semicolons, because the comma is in their numbers. */
function delimiterOf(text: string): string {
  const header = (text.match(/\S[^\r\n]*/)?.[0] ?? '').replace(/"[^"]*"/g, '');
  return header.split(';').length > header.split(',').length ? ';' : ',';
}

function headerFault(columns: string[], codeColumn: number): string | undefined {
  if (columns.length > mostColumns) return 'tooManyColumns';
  if (codeColumn === -1) return 'codeColumnMissing';
  return new Set(columns).size < columns.length ? 'columnDuplicate' : undefined;
}

function codeFault(code: string, seen: Set<string>): string | undefined {
  if (code === '') return 'codeEmpty';
  if (code.length > longestCode) return 'codeTooLong';
  return seen.has(code) ? 'codeDuplicate' : undefined;
}
