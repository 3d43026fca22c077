import { SIGN_IN_MS } from '../sso/index.js';
import type { OidcConnection } from './oidc-connection.js';
import { ensure } from './oidc-error.js';
import { policyOf, TENANT, type ProviderMetadata } from './provider-metadata.js';
import type { JwtClaims } from './signed-token.js';

/** Whose token it must be, and when. */
export interface ExpectedToken {
  readonly connection: OidcConnection;
  readonly metadata: ProviderMetadata;
  /** Epoch milliseconds. */
  readonly now: number;
}

const DIRECTORY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A claim that is a text of sensible length, or nothing. */
export function text(claims: JwtClaims, name: string, most = 255): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value.length > 0 && value.length <= most ? value : undefined;
}

/** A time of a claim (seconds of the epoch, RFC 7519 NumericDate) in milliseconds. */
export function time(claims: JwtClaims, name: string): number | undefined {
  const value = claims[name];
  ensure(
    value === undefined || (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) < 1e11),
    'time_malformed',
    name,
  );
  return value === undefined ? undefined : value * 1000;
}

/**
 * What ID tokens and logout tokens have in common: this issuer made it, for us, now (OpenID Connect Core 1.0, section
 * 3.1.3.7). Returns the issuer.
 */
export function checkToken(claims: JwtClaims, expected: ExpectedToken): string {
  const issuer = issuerFor(claims, expected);
  ensure(claims['iss'] === issuer, 'issuer_mismatch');
  checkAudience(claims, expected.connection.clientId);
  checkTimes(claims, expected);
  return issuer;
}

/**
 * The issuer that a token must name: the provider's own, with the directory in it where it speaks for many, of those
 * that are let in.
 */
function issuerFor(claims: JwtClaims, { connection, metadata }: ExpectedToken): string {
  const { issuer } = metadata;
  const tid = text(claims, 'tid')?.toLowerCase();
  const tenants = connection.tenants.map((tenant) => tenant.toLowerCase());
  if (issuer.includes(TENANT)) {
    ensure(tid !== undefined && DIRECTORY.test(tid) && tenants.includes(tid), 'tenant_not_allowed');
    return issuer.replaceAll(TENANT, tid);
  }
  // A directory named beside an issuer of its own may be left out, but not be another one.
  ensure(tid === undefined || tenants.length === 0 || tenants.includes(tid), 'tenant_not_allowed');
  return issuer;
}

/**
 * User flows of one B2C directory share their keys, and often their issuer: a token of the one for new passwords is no
 * sign-in.
 */
export function checkPolicy(claims: JwtClaims, { connection }: ExpectedToken): void {
  const policy = policyOf(connection.issuer);
  ensure(
    policy === undefined || (text(claims, 'tfp') ?? text(claims, 'acr'))?.toLowerCase() === policy,
    'b2c_policy_mismatch',
  );
}

function checkAudience({ aud, azp }: JwtClaims, clientId: string): void {
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  ensure(audiences.length <= 20 && audiences.includes(clientId), 'audience_mismatch');
  // Made for others as well, it counts only when it was given to us.
  ensure(azp === undefined ? audiences.length === 1 : azp === clientId, 'authorized_party_mismatch');
}

function checkTimes(claims: JwtClaims, { connection, now }: ExpectedToken): void {
  const skew = connection.clockSkewSeconds * 1000;
  const [expires, issued, begins] = [time(claims, 'exp'), time(claims, 'iat'), time(claims, 'nbf')];
  ensure(issued !== undefined, 'time_malformed', 'iat');
  ensure(expires === undefined || now < expires + skew, 'token_expired');
  ensure(begins === undefined || now >= begins - skew, 'token_not_yet_valid');
  ensure(now >= issued - skew, 'issued_in_future');
  ensure(now < issued + SIGN_IN_MS + skew, 'token_too_old');
}
