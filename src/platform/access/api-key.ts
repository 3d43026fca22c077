import { errorDefinition, type ErrorCode } from '../feature/registry.js';
import { Problem } from '../problem/problem.js';
import type { GuardContext } from './guard-context.js';
import { bearerSecret, isSecret, newSecret, secretPrefix } from './bearer-secret.js';

const KIND = 'vs_';

/** Generates an API key. */
export function newApiKey(): string {
  return newSecret(KIND);
}

/** Returns true if the text has the format and checksum of an API key. It does not check that the key exists. */
export function isApiKey(text: string): boolean {
  return isSecret(KIND, text);
}

/** Returns the prefix of a key (36 of its 256 bits), by which its owner recognizes the key. */
export function keyPrefix(key: string): string {
  return secretPrefix(KIND, key);
}

/** Returns the API key of an Authorization header (RFC 6750 section 2.1), or undefined. */
export function bearerKey(authorization: string): string | undefined {
  return bearerSecret(KIND, authorization);
}

/**
 * Returns the problem for a request that is not authenticated. If the request has an Authorization header, a 401 names
 * the scheme (RFC 9110 section 11.6.1).
 */
export function unauthenticatedProblem({ request }: Pick<GuardContext, 'request'>, code: ErrorCode): Problem {
  const named = request.headers.authorization !== undefined && errorDefinition(code).status === 401;
  return new Problem(code, named ? { headers: { 'WWW-Authenticate': 'Bearer' } } : {});
}
