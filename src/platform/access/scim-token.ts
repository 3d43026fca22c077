import { bearerSecret, newSecret, secretPrefix } from './bearer-secret.js';

const KIND = 'vs_scim_';

/** A new token for a directory. */
export function newScimToken(): string {
  return newSecret(KIND);
}

/** The beginning of a token, by which its owner recognizes it. */
export function scimTokenPrefix(token: string): string {
  return secretPrefix(KIND, token);
}

/** The token in an Authorization header; undefined for anything else. */
export function bearerScimToken(authorization: string): string | undefined {
  return bearerSecret(KIND, authorization);
}
