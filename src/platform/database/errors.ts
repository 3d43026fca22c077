/** Thrown when the database is unreachable or the circuit breaker is open. No statement ran, so a retry is safe. */
export class DatabaseUnavailable extends Error {
  constructor(options?: ErrorOptions) {
    super('the database cannot be reached', options);
  }
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

/** Returns the SQLSTATE of a Postgres error or the code of a Node socket error. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Prefixes of pg messages for lost connections. */
const CONNECTION_MESSAGES = [
  'Connection terminated',
  'Client was closed',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Query read timeout',
];

/** Returns true if the error means a lost connection and not an invalid statement. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnectionError);
  const code = errorCode(error);
  if (code !== undefined) return CONNECTION_CODES.has(code) || code.startsWith('08');
  return error instanceof Error && CONNECTION_MESSAGES.some((message) => error.message.startsWith(message));
}

/** Returns true for a unique violation (SQLSTATE 23505), of the named constraint if one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    errorCode(error) === '23505' &&
    (constraint === undefined || (error as { constraint?: string }).constraint === constraint)
  );
}
