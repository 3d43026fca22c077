/** What a Postgres error says about the schema, without any value of a row. */
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

/** Postgres's own error (it has a SQLSTATE and a severity), or one that TypeORM put around it. */
function isDatabaseError(error: Error): boolean {
  if ('driverError' in error && error.driverError instanceof Error) return true;
  return 'severity' in error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code);
}

/**
 * What may be logged of a database error; undefined for any other. Its message, detail and hint quote values
 * (`invalid input syntax for type integer: "…"`), so code, names and stack frames stand for them.
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
