import { SIGN_IN_MS } from '../sso/index.js';
import type { OidcConnection } from './oidc-connection.js';
import { ensure } from './oidc-error.js';
import { policyOf, TENANT, type ProviderMetadata } from './provider-metadata.js';
import type { JwtClaims } from './signed-token.js';

/** The values that every token must match. */
export interface ExpectedToken {
  readonly connection: OidcConnection;
  readonly metadata: ProviderMetadata;
  /** Epoch milliseconds. */
  readonly now: number;
}

const DIRECTORY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Returns a claim that is a non-empty text of at most `maxLength` characters; otherwise undefined. */
export function text(claims: JwtClaims, name: string, maxLength = 255): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength ? value : undefined;
}

/** Returns the time of a claim (NumericDate in seconds, RFC 7519) in milliseconds. */
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
 * Checks the claims that ID tokens and logout tokens share: issuer, audience, and times (OpenID Connect Core 1.0,
 * section 3.1.3.7). Returns the issuer.
 */
export function checkToken(claims: JwtClaims, expected: ExpectedToken): string {
  const issuer = issuerFor(claims, expected);
  ensure(claims['iss'] === issuer, 'issuer_mismatch');
  checkAudience(claims, expected.connection.clientId);
  checkTimes(claims, expected);
  return issuer;
}

/**
 * Returns the issuer that a token must name. For an issuer of many tenants, it contains the tenant id of the token,
 * which must be an allowed tenant.
 */
function issuerFor(claims: JwtClaims, { connection, metadata }: ExpectedToken): string {
  const { issuer } = metadata;
  const tid = text(claims, 'tid')?.toLowerCase();
  const tenants = connection.tenants.map((tenant) => tenant.toLowerCase());
  if (issuer.includes(TENANT)) {
    ensure(tid !== undefined && DIRECTORY.test(tid) && tenants.includes(tid), 'tenant_not_allowed');
    return issuer.replaceAll(TENANT, tid);
  }
  // An issuer of one tenant may omit the tenant id, but it must not name another tenant.
  ensure(tid === undefined || tenants.length === 0 || tenants.includes(tid), 'tenant_not_allowed');
  return issuer;
}

/**
 * Checks the user flow of an Azure AD B2C token. User flows share keys and often the issuer, so a token of the password
 * reset flow must not count as a sign-in.
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
  ensure(azp === undefined || azp === clientId, 'authorized_party_mismatch');
}

/**
 * Checks that a token for several audiences was issued to this client (OpenID Connect Core 1.0, section 3.1.3.7). This
 * rule is for ID tokens. A logout token reports one event to all audiences and names no authorized party.
 */
export function checkAuthorizedParty({ aud, azp }: JwtClaims): void {
  ensure(!Array.isArray(aud) || aud.length === 1 || azp !== undefined, 'authorized_party_mismatch');
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
