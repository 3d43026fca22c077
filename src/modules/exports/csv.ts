import { pipeline, Transform, type Readable } from 'node:stream';
import { escapeLiteral } from 'pg';

/*
 * Spreadsheets run a cell as a formula when it starts with = + - or @, also in the full-width and small forms. Some
 * skip leading blanks; a leading tab or line break can move the rest into another cell. Such text gets a leading
 * apostrophe, which marks a cell as text. JavaScript and Postgres (chapter 9.7.3) read the pattern in the same way.
 */
export const FORMULA =
  '^(?:[\\t\\n\\u000B\\f\\r]|[ ' +
  '\\u00A0\\u2000-\\u200B\\u202F\\u205F\\u3000\\uFEFF]*[-=+@\\uFF1D\\uFF0B\\uFF0D\\uFF20\\uFE66\\uFE62\\uFE63\\uFE6B])';
const formula = new RegExp(FORMULA);

/** Returns text that no spreadsheet runs as a formula: the same rule as `app.csv_safe` of exports.sql. */
export function csvSafe(text: string): string {
  return formula.test(text) ? `'${text}` : text;
}

/** A column of a CSV export. */
export interface CsvColumn {
  readonly header: string;
  /** An SQL expression from the code, never built from input. */
  readonly sql: string;
  /** The expression returns a number, so a leading minus is not a formula. */
  readonly isNumber?: true;
  /** Omitted from files for portal roles. */
  readonly staffOnly?: true;
}

/**
 * The content of a file. The watermark is the last column, in the header and in every row: the file stays valid
 * RFC 4180 with the same number of fields per line, and a copied row still carries the watermark.
 */
export interface CsvQuery {
  readonly columns: readonly CsvColumn[];
  /** `table alias JOIN … WHERE … ORDER BY …` from the code, never built from input. */
  readonly from: string;
  readonly watermark: string;
  /** The file starts with a UTF-8 byte order mark: without it, Excel reads the file in a local character set. */
  readonly bom?: boolean;
}

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Returns the COPY statement for the rows, each with the watermark at the end. `csvFile` writes the header, because
 * Postgres truncates a column name at 63 bytes.
 */
export function copyRowsSql({ columns, from, watermark }: CsvQuery): string {
  const cells = columns.map(({ sql, isNumber }) => (isNumber ? `(${sql})::numeric` : `app.csv_safe((${sql})::text)`));
  const expressions = [...cells, escapeLiteral(watermark)].join(', ');
  return `COPY (SELECT ${expressions} FROM ${from}) TO STDOUT WITH (FORMAT csv, ENCODING 'UTF8')`;
}

/** Returns one RFC 4180 record with its line end: null is an empty field, and every text is quoted. */
export function csvLine(fields: readonly (string | null)[]): string {
  return `${fields.map((field) => (field === null ? '' : `"${csvSafe(field).replaceAll('"', '""')}"`)).join(',')}\r\n`;
}

/**
 * Builds a complete file from the rows that COPY sends: a header whose last field is the watermark, then the rows with
 * the line ends of RFC 4180 section 2. COPY ends rows with LF only; LF inside quotes does not change.
 * The file fails with the error of the rows.
 *
 * @param passed receives the number of rows in each chunk
 */
export function csvFile(
  rows: Readable,
  { columns, watermark, bom = false }: Pick<CsvQuery, 'columns' | 'watermark' | 'bom'>,
  passed: (rows: number) => void = () => undefined,
): Readable {
  let isQuoted = false;
  const file = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const { bytes, ended, endsQuoted } = withCrlf(chunk, isQuoted);
      isQuoted = endsQuoted;
      passed(ended);
      done(null, bytes);
    },
  });
  const header = csvLine([...columns.map((column) => column.header), watermark]);
  file.push(bom ? BYTE_ORDER_MARK + header : header);
  return pipeline(rows, file, () => undefined);
}

const [QUOTE, LF, CR] = [0x22, 0x0a, 0x0d];

/** Inserts CR before each LF outside quotes. A doubled quote closes and opens at once, so it needs no rule. */
function withCrlf(rows: Buffer, startsQuoted: boolean): { bytes: Buffer; ended: number; endsQuoted: boolean } {
  const bytes = Buffer.allocUnsafe(rows.length * 2);
  let [isQuoted, used] = [startsQuoted, 0];
  for (const byte of rows) {
    if (byte === QUOTE) isQuoted = !isQuoted;
    if (byte === LF && !isQuoted) bytes[used++] = CR;
    bytes[used++] = byte;
  }
  return { bytes: bytes.subarray(0, used), ended: used - rows.length, endsQuoted: isQuoted };
}
