import { HttpException } from '@nestjs/common';
import { DatabaseUnavailable, isUnavailable, RETRY_AFTER_SECONDS } from '../database/errors.js';
import { declared, type ErrorCode } from '../feature/registry.js';
import { Problem } from '../problem/problem.js';

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  503: 'unavailable',
};

/** SQLSTATEs of rejected input and of errors that a retry can resolve (PostgreSQL manual, appendix A). */
const BY_SQLSTATE: Readonly<Record<string, ErrorCode>> = {
  '22021': 'invalid_text', // character_not_in_repertoire: NUL in text
  '22P05': 'invalid_text', // untranslatable_character: \u0000 in jsonb
  '22P02': 'invalid_request', // invalid_text_representation: not a uuid, not a number
  '22001': 'invalid_request', // string_data_right_truncation
  '22003': 'invalid_request', // numeric_value_out_of_range
  '22007': 'invalid_request', // invalid_datetime_format
  '22008': 'invalid_request', // datetime_field_overflow
  '23502': 'invalid_request', // not_null_violation: null for a required field
  '23514': 'invalid_request', // check_violation
  '40001': 'unavailable', // serialization_failure
  '40P01': 'unavailable', // deadlock_detected
  '57014': 'unavailable', // query_canceled: the statement exceeded its timeout
};

/** The SQLSTATE that the database functions and triggers raise; the message is the error code. */
const RAISED_SQLSTATE = 'VS409';

/** Converts an error to a problem. An unknown error becomes `internal`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isUnavailable(driverErrorOf(error))) return unavailable(error);
  if (error instanceof HttpException) return fromHttpException(error);
  const code = codeOf(error) ?? 'internal';
  return code === 'unavailable' ? unavailable(error) : new Problem(code, { cause: error });
}

function unavailable(cause: unknown): Problem {
  const seconds = cause instanceof DatabaseUnavailable ? cause.retryAfterSeconds : RETRY_AFTER_SECONDS;
  return new Problem('unavailable', { headers: { 'Retry-After': String(seconds) }, cause });
}

function fromHttpException(error: HttpException): Problem {
  const status = error.getStatus();
  const code = codeOf(error.cause) ?? BY_STATUS[status] ?? (status < 500 ? 'invalid_request' : 'internal');
  return new Problem(code, { cause: error });
}

function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof URIError) return 'invalid_text';
  return raised(error) ?? BY_SQLSTATE[sqlState(error)];
}

function raised(error: unknown): ErrorCode | undefined {
  const code = text(driverErrorOf(error), 'message');
  return sqlState(error) === RAISED_SQLSTATE && declared('errors').has(code) ? (code as ErrorCode) : undefined;
}

function sqlState(error: unknown): string {
  return text(driverErrorOf(error), 'code');
}

/** Returns the driver error, which TypeORM can wrap. */
function driverErrorOf(error: unknown): unknown {
  return isObject(error) && isObject(error.driverError) ? error.driverError : error;
}

function text(value: unknown, key: string): string {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
