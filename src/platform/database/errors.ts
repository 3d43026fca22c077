/** The database cannot be reached, or the circuit breaker is open: nothing was done, trying later may help. */
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

/** The five-character SQLSTATE of a Postgres error, or Node's code of a socket error. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** How the messages of pg begin when a connection is lost. */
const CONNECTION_MESSAGES = [
  'Connection terminated',
  'Client was closed',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Query read timeout',
];

/** Whether an error means that the connection is lost rather than the statement wrong. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnectionError);
  const code = errorCode(error);
  if (code !== undefined) return CONNECTION_CODES.has(code) || code.startsWith('08');
  return error instanceof Error && CONNECTION_MESSAGES.some((message) => error.message.startsWith(message));
}

/** Whether a statement failed on a unique key (SQLSTATE 23505), of the named constraint where one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    errorCode(error) === '23505' &&
    (constraint === undefined || (error as { constraint?: string }).constraint === constraint)
  );
}
