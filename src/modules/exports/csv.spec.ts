import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCsv } from '../../../test/harness/csv.js';
import { copyRowsSql, csvFile, csvLine, csvSafe, FORMULA, type CsvColumn } from './csv.js';

const columns: CsvColumn[] = [
  { header: 'Name', sql: 'p.name' },
  { header: 'Year', sql: 'p.year', isNumber: true },
];
const watermark = "Exported by O'Neill <o@example.org> · Org · 2026-03-01T10:20:30.456Z · export 1";

/** The format of COPY: quoted where needed, LF after each row. */
const copied = (rows: string[][]): string => rows.map((row) => `${row.map(quoted).join(',')}\n`).join('');
const quoted = (cell: string): string =>
  /[",\r\n]/.test(cell) || cell === '' ? `"${cell.replaceAll('"', '""')}"` : cell;

/** Sends text through a file in chunks of `size` bytes, which also split characters. */
function fileOf(rows: string, size = 1000): Promise<string> {
  const bytes = Buffer.from(rows);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  return text(csvFile(Readable.from(pieces), { columns, watermark }));
}

describe('csvSafe', () => {
  it.each([
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '\tx',
    '＝1+1',
    '＋1',
    '－1',
    '＠x',
    '﹦1',
    '﹢1',
    '﹣1',
    '﹫x',
    ' =1',
    '\u00a0=1',
    '\u3000=1',
    '\ufeff=1',
    '\u200b=1',
  ])('defuses %j', (cell) => {
    expect(csvSafe(cell)).toBe(`'${cell}`);
  });

  it.each(['', 'Ann', 'a=b', '1-2', "'=1", ' x', 'x\t', '(555) 010-0000', 'é', '李雷', '\u2014 dash'])(
    'does not change %j',
    (cell) => {
      expect(csvSafe(cell)).toBe(cell);
    },
  );

  it('leaves no cell that starts like a formula, and removes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (cell) => {
        const safe = csvSafe(cell);
        expect(safe.trimStart()).not.toMatch(/^[=+\-@＝＋－＠]/);
        expect(safe.endsWith(cell)).toBe(true);
        expect(csvSafe(safe)).toBe(safe);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the statement for the rows', () => {
  it('escapes every text, keeps numbers, appends the watermark to each row and has no header', () => {
    expect(copyRowsSql({ columns, from: 'people p', watermark })).toBe(
      'COPY (SELECT app.csv_safe((p.name)::text), (p.year)::numeric, ' +
        "'Exported by O''Neill <o@example.org> · Org · 2026-03-01T10:20:30.456Z · export 1' " +
        "FROM people p) TO STDOUT WITH (FORMAT csv, ENCODING 'UTF8')",
    );
  });

  it('quotes a watermark with quotes and backslashes as one literal', () => {
    expect(copyRowsSql({ columns: [], from: 'p', watermark: "a\\'; DROP TABLE p; --" })).toContain(
      "SELECT  E'a\\\\''; DROP TABLE p; --' FROM p)",
    );
  });

  it('uses a function that Postgres can inline and whose names are qualified', () => {
    const sql = readFileSync(`${import.meta.dirname}/exports.sql`, 'utf8');
    expect(sql).toContain('OPERATOR(pg_catalog.~)');
    expect(sql).toContain('IMMUTABLE PARALLEL SAFE');
    expect(sql).not.toMatch(/^LANGUAGE.*\bSTRICT\b|SET search_path/m);
    expect(sql.replaceAll(/'\n\s*'/g, '')).toContain(`'${FORMULA}'`);
  });
});

describe('a CSV file', () => {
  it('has the watermark in its header when it has no rows', async () => {
    expect(readCsv(await fileOf(''))).toEqual([['Name', 'Year', watermark]]);
  });

  it('follows RFC 4180 with the watermark in every row, for every chunk size', async () => {
    const cell = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom('"', '\n', '\r', ',', 'é', 'x'), { maxLength: 8 }).map((list) => list.join('')),
    );
    const rows = fc.array(fc.tuple(cell, cell), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), async (data, size) => {
        const marked = data.map((row) => [...row, watermark]);
        expect(readCsv(await fileOf(copied(marked), size))).toEqual([['Name', 'Year', watermark], ...marked]);
      }),
    );
  });

  it('starts with a byte order mark only on request', async () => {
    const bytes = async (bom: boolean) => buffer(csvFile(Readable.from(['a,1\n']), { columns, watermark, bom }));
    expect((await bytes(true)).subarray(0, 4)).toEqual(Buffer.from([0xef, 0xbb, 0xbf, 0x22]));
    expect((await bytes(true)).subarray(3)).toEqual(await bytes(false));
  });

  it('counts rows, without line breaks inside cells', async () => {
    let rows = 0;
    await text(
      csvFile(
        Readable.from([Buffer.from('"a\nb",1\nc'), Buffer.from(',2\nd,"\n"\n')]),
        { columns, watermark },
        (more) => {
          rows += more;
        },
      ),
    );
    expect(rows).toBe(3);
  });

  it('fails when the source of the rows fails', async () => {
    const rows = new Readable({
      read(): void {
        this.destroy(new Error('the query was cancelled'));
      },
    });
    await expect(text(csvFile(rows, { columns, watermark }))).rejects.toThrow('the query was cancelled');
  });

  it('keeps a line break inside a cell', async () => {
    expect(await fileOf('"a\nb\r\nc",1\nd,2\n')).toMatch(/\r\n"a\nb\r\nc",1\r\nd,2\r\n$/);
  });
});

describe('csvLine', () => {
  it('quotes and escapes text and leaves null empty', () => {
    expect(csvLine(['a "b"', null, '', '=1', 'x,\ny'])).toBe('"a ""b""",,"","\'=1","x,\ny"\r\n');
  });
});
