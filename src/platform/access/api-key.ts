import { errorDefinition, type ErrorCode } from '../feature/registry.js';
import { Problem } from '../problem/problem.js';
import type { GuardContext } from './guard-context.js';
import { bearerSecret, isSecret, newSecret, secretPrefix } from './bearer-secret.js';

const KIND = 'vs_';

/** A new API key. */
export function newApiKey(): string {
  return newSecret(KIND);
}

/** Whether a text is a key as we make them; not whether anybody has it. */
export function isApiKey(text: string): boolean {
  return isSecret(KIND, text);
}

/** The beginning of a key, by which its owner recognizes it: 36 of its 256 bits. */
export function keyPrefix(key: string): string {
  return secretPrefix(KIND, key);
}

/** The key in an Authorization header (RFC 6750 section 2.1); undefined for anything else. */
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
