/** The wait in seconds that a caller is told when no better value is known. */
export const RETRY_AFTER_SECONDS = 2;

/**
 * Thrown when the database is unreachable or read-only, or the circuit breaker is open. Nothing was committed, so a
 * retry is safe. `retryAfterSeconds` is the wait until the next attempt can succeed.
 */
export class DatabaseUnavailable extends Error {
  readonly retryAfterSeconds: number;

  constructor(options: ErrorOptions & { retryAfterSeconds?: number } = {}) {
    super('the database cannot be reached', options);
    this.retryAfterSeconds = options.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
  }
}

/** Thrown when the organization uses its share of the connections for too long. The database works. */
export class NoConnectionInTime extends DatabaseUnavailable {
  override readonly message = 'no connection became free in time';
}

/** Codes of Node for a socket that cannot be opened or is lost. */
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * SQLSTATEs of a server that cannot serve this connection (PostgreSQL manual, appendix A): connection exception (08), a
 * full disk (53100), too many connections (53300), a shutdown or a start (57P01 to 57P03), an I/O error (58030), and a
 * read-only server (25006), which a failover leaves behind. Codes that one statement can cause by itself, such as
 * 53200 and 53400, are not in the list: a job that causes them must fail and not wait.
 */
const OUTAGE = /^08...$|^53[13]00$|^57P0[1-3]$|^58030$|^25006$/;

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

/** The SQLSTATE of a write in a read-only transaction. */
export const READ_ONLY = '25006';

/**
 * Returns true if the error means that the server cannot serve this connection, and not that the statement is invalid.
 * The connection must then be closed, because it can stay in that state forever.
 */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const code = errorCode(error);
  if (code !== undefined) return SOCKET_CODES.has(code) || OUTAGE.test(code);
  return error instanceof Error && CONNECTION_MESSAGES.some((message) => error.message.startsWith(message));
}

/** Returns true for a unique violation (SQLSTATE 23505), of the named constraint if one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    errorCode(error) === '23505' &&
    (constraint === undefined || (error as { constraint?: string }).constraint === constraint)
  );
}
