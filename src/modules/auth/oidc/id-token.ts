import { createHash } from 'node:crypto';
import { checkAuthorizedParty, checkPolicy, checkToken, text, time, type ExpectedToken } from './token-checks.js';
import { ensure } from './oidc-error.js';
import type { ProviderKeys } from './provider-metadata-cache.js';
import { verifyToken, type JwtClaims, type SignedToken } from './signed-token.js';

/** The values that an ID token must match. */
export interface ExpectedIdToken extends ExpectedToken {
  readonly keys: ProviderKeys;
  readonly nonce: string;
  readonly accessToken: string | undefined;
  /** The earliest allowed authentication time, if the request asked for a new authentication. Epoch milliseconds. */
  readonly authenticatedSince?: number;
}

/** A verified ID token of the connection's provider. It is current and answers the pending request. */
export interface VerifiedIdToken {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: JwtClaims;
}

const DIGESTS: Readonly<Record<string, string>> = { 256: 'sha256', 384: 'sha384', 512: 'sha512' };

/**
 * Verifies an ID token (OpenID Connect Core 1.0, sections 3.1.3.6 to 3.1.3.8). It verifies the signature first, even
 * though the token comes from the token endpoint. A proxy on the way to that endpoint therefore need not be trusted.
 * @throws OidcError
 */
export async function verifyIdToken(raw: unknown, expected: ExpectedIdToken): Promise<VerifiedIdToken> {
  const token = await verifyToken(raw, expected.keys, expected.metadata.id_token_signing_alg_values_supported, ['jwt']);
  const { claims } = token;
  ensure(!('events' in claims), 'token_type_mismatch', 'a security event');
  ensure(time(claims, 'exp') !== undefined, 'time_malformed', 'exp');
  const issuer = checkToken(claims, expected);
  checkAuthorizedParty(claims);
  checkPolicy(claims, expected);
  ensure(claims['nonce'] === expected.nonce, 'nonce_mismatch');
  const subject = text(claims, 'sub');
  ensure(subject !== undefined, 'subject_missing');
  checkAccessToken(token, expected.accessToken);
  checkAuthentication(claims, expected);
  return { issuer, subject, claims };
}

/** Checks `at_hash` if it is present: the left half of the digest that belongs to the signature algorithm. */
function checkAccessToken({ alg, claims }: SignedToken, accessToken: string | undefined): void {
  if (claims['at_hash'] === undefined) return;
  const digest = createHash(DIGESTS[alg.slice(-3)] ?? 'sha512')
    .update(accessToken ?? '')
    .digest();
  ensure(
    claims['at_hash'] === digest.subarray(0, digest.length / 2).toString('base64url'),
    'access_token_hash_mismatch',
  );
}

function checkAuthentication(claims: JwtClaims, { connection, authenticatedSince }: ExpectedIdToken): void {
  const at = time(claims, 'auth_time');
  if (authenticatedSince === undefined) return;
  ensure(at !== undefined && at >= authenticatedSince - connection.clockSkewSeconds * 1000, 'authentication_too_old');
}
