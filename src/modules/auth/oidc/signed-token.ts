import { compactVerify, decodeProtectedHeader, errors, type CompactVerifyResult } from 'jose';
import { ensure, OidcError, type OidcErrorCode } from './oidc-error.js';
import type { ProviderKeys } from './provider-metadata-cache.js';

/** The claims of a token. The caller must still check each claim. */
export type JwtClaims = Readonly<Record<string, unknown>>;

/** A token with a valid signature of the provider. */
export interface SignedToken {
  readonly alg: string;
  readonly claims: JwtClaims;
}

const MAX_CHARACTERS = 64 * 1024;
/**
 * The allowed signature algorithms need a private key that only the provider has. The list has no `none`, and no HMAC,
 * because a party that knows the public key could compute an HMAC.
 */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Maps the errors of the cryptographic library to reasons. */
const ERROR_REASONS: readonly (readonly [error: abstract new (...args: never[]) => Error, reason: OidcErrorCode])[] = [
  [errors.JWKSNoMatchingKey, 'key_unknown'],
  [errors.JWKSMultipleMatchingKeys, 'key_ambiguous'],
  [errors.JWSSignatureVerificationFailed, 'signature_invalid'],
  [errors.JOSEAlgNotAllowed, 'algorithm_not_allowed'],
];

/**
 * Verifies a JWS in compact form (RFC 7515) with the provider's keys. Only `kid` selects the key. The function ignores
 * keys and URLs in the header (`jku`, `x5u`, `jwk`). `types` lists the allowed values of `typ`, which may be absent
 * (RFC 8725, section 3.11).
 * @throws OidcError
 */
export async function verifyToken(
  raw: unknown,
  keys: ProviderKeys,
  announced: readonly string[] | undefined,
  types: readonly string[],
): Promise<SignedToken> {
  ensure(typeof raw === 'string' && raw.length > 0, 'token_missing');
  ensure(raw.length <= MAX_CHARACTERS, 'token_too_large');
  const parts = raw.split('.').length;
  ensure(parts !== 5, 'token_encrypted');
  ensure(parts === 3, 'token_malformed');
  const alg = checkHeader(raw, announced, types);
  const { payload } = await verified(raw, keys);
  return { alg, claims: claimsIn(payload) };
}

function checkHeader(raw: string, announced: readonly string[] | undefined, types: readonly string[]): string {
  const { alg, crit, typ } = headerOf(raw);
  ensure(
    typeof alg === 'string' && ALGORITHMS.includes(alg) && announced?.includes(alg) !== false,
    'algorithm_not_allowed',
    String(alg).slice(0, 20),
  );
  ensure(crit === undefined, 'header_unsupported', 'crit');
  ensure(
    typ === undefined || (typeof typ === 'string' && types.includes(typ.toLowerCase())),
    'token_type_mismatch',
    String(typ).slice(0, 50),
  );
  return alg;
}

function headerOf(raw: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(raw);
  } catch (cause) {
    throw new OidcError('token_malformed', 'header', { cause });
  }
}

/**
 * Verifies the signature. If the key is unknown or does not match, the provider may have rotated its keys, so the
 * function fetches them once more.
 */
async function verified(raw: string, keys: ProviderKeys): Promise<CompactVerifyResult> {
  const options = { algorithms: ALGORITHMS };
  const known = await keys.known();
  try {
    return await compactVerify(raw, known, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed))
      throw toOidcError(error);
  }
  const renewed = await keys.renewed();
  return compactVerify(raw, renewed, options).catch((error: unknown) => {
    throw toOidcError(error);
  });
}

function toOidcError(error: unknown): OidcError {
  const reason = ERROR_REASONS.find(([kind]) => error instanceof kind)?.[1] ?? 'token_malformed';
  return new OidcError(reason, undefined, { cause: error });
}

function claimsIn(payload: Uint8Array): JwtClaims {
  let claims: unknown;
  try {
    claims = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload));
  } catch (cause) {
    throw new OidcError('token_malformed', 'claims', { cause });
  }
  ensure(typeof claims === 'object' && claims !== null && !Array.isArray(claims), 'token_malformed', 'claims');
  return claims as JwtClaims;
}
