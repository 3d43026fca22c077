import { bearerSecret, newSecret, secretPrefix } from './bearer-secret.js';

const KIND = 'vs_scim_';

/** Generates a SCIM token. */
export function newScimToken(): string {
  return newSecret(KIND);
}

/** Returns the prefix of a token, by which its owner recognizes it. */
export function scimTokenPrefix(token: string): string {
  return secretPrefix(KIND, token);
}

/** Returns the SCIM token of an Authorization header, or undefined. */
export function bearerScimToken(authorization: string): string | undefined {
  return bearerSecret(KIND, authorization);
}
