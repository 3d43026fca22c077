import { pipeline, Transform, type Readable } from 'node:stream';
import { escapeLiteral } from 'pg';

/*
 * Spreadsheets run a cell as a formula when it begins with = + - or @, in the full-width and small
 * forms too, and some skip blanks before it; a leading tab or line break can shift what follows into
 * a cell of its own. Such text gets a leading apostrophe, which spreadsheets take for "this is text".
 * The pattern is written so that JavaScript and Postgres (chapter 9.7.3) read it alike.
 */
export const FORMULA =
  '^(?:[\\t\\n\\u000B\\f\\r]|[ ' +
  '\\u00A0\\u2000-\\u200B\\u202F\\u205F\\u3000\\uFEFF]*[-=+@\\uFF1D\\uFF0B\\uFF0D\\uFF20\\uFE66\\uFE62\\uFE63\\uFE6B])';
const formula = new RegExp(FORMULA);

/** Text that no spreadsheet runs: the same rule as `app.csv_safe` of exports.sql. */
export function csvSafe(text: string): string {
  return formula.test(text) ? `'${text}` : text;
}

/** A column of a CSV export. */
export interface CsvColumn {
  readonly header: string;
  /** An SQL expression written in the code, never built from input. */
  readonly sql: string;
  /** The expression gives a number, so that a leading minus is no formula. */
  readonly isNumber?: true;
  /** Portal roles do not get it. */
  readonly staffOnly?: true;
}

/**
 * What goes into a file. The watermark is its last column, in the header and in every row: so the
 * file stays plain RFC 4180 with as many fields in each line, and a row copied out still carries it.
 */
export interface CsvQuery {
  readonly columns: readonly CsvColumn[];
  /** `table alias JOIN … WHERE … ORDER BY …`, written in the code, never built from input. */
  readonly from: string;
  readonly watermark: string;
}

/**
 * The COPY statement for the rows, each ending with the watermark. It gives no header line:
 * a column name cannot hold a watermark, since Postgres cuts names at 63 bytes; `csvFile` writes it.
 */
export function copyRowsSql({ columns, from, watermark }: CsvQuery): string {
  const cells = columns.map(({ sql, isNumber }) => (isNumber ? `(${sql})::numeric` : `app.csv_safe((${sql})::text)`));
  const expressions = [...cells, escapeLiteral(watermark)].join(', ');
  return `COPY (SELECT ${expressions} FROM ${from}) TO STDOUT WITH (FORMAT csv, ENCODING 'UTF8')`;
}

/** One record of RFC 4180 with its line end: null is an empty field, every text is quoted. */
export function csvLine(fields: readonly (string | null)[]): string {
  return `${fields.map((field) => (field === null ? '' : `"${csvSafe(field).replaceAll('"', '""')}"`)).join(',')}\r\n`;
}

/**
 * Makes a whole file of the rows that COPY sends: first a header whose last field is the
 * watermark, so that a file without rows carries it too, then the rows with the line ends that
 * RFC 4180 section 2 wants (COPY ends them with LF alone; a LF inside quotes stays as it is).
 * When the rows fail, the file fails with their error.
 *
 * @param passed told how many more rows have passed, once a chunk
 */
export function csvFile(
  rows: Readable,
  { columns, watermark }: Pick<CsvQuery, 'columns' | 'watermark'>,
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
  file.push(csvLine([...columns.map(({ header }) => header), watermark]));
  return pipeline(rows, file, () => undefined);
}

const [QUOTE, LF, CR] = [0x22, 0x0a, 0x0d];

/**
 * Puts a CR before each LF outside quotes. A doubled quote opens and closes at once, so it needs no rule of its own.
 */
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
