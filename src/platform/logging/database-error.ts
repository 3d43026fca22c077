/** Fields of a Postgres error that describe the schema and contain no row values. */
const SAFE_FIELDS = [
  'name',
  'code',
  'severity',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'routine',
] as const;

/** Returns true for a Postgres error (with SQLSTATE and severity) or one wrapped by TypeORM. */
function isDatabaseError(error: Error): boolean {
  if ('driverError' in error && error.driverError instanceof Error) return true;
  return 'severity' in error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code);
}

/**
 * Returns the loggable fields of a database error, or undefined for other errors. Message, detail, and hint quote
 * values (`invalid input syntax for type integer: "…"`), so only code, names, and stack frames are returned.
 */
export function databaseErrorEntries(error: Error): [string, unknown][] | undefined {
  if (!isDatabaseError(error)) return undefined;
  const source: Error = 'driverError' in error && error.driverError instanceof Error ? error.driverError : error;
  const fields = SAFE_FIELDS.map((field): [string, unknown] => [field, Reflect.get(source, field)]).filter(
    ([, value]) => value !== undefined,
  );
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
  return [['message', 'database error'], ...fields, ['stack', frames]];
}
