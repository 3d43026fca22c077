import { ensure, OidcError } from './oidc-error.js';
import type { OidcConnection } from './oidc-connection.js';
import { TENANT, type ProviderMetadata } from './provider-metadata.js';

/** The parameters of the provider's redirect to the callback (RFC 6749, section 4.1.2; RFC 9207). */
export interface AuthorizationResponse {
  readonly state: string;
  readonly code?: string;
  readonly iss?: string;
  readonly error?: string;
}

/** The form of the state values of the application: 32 random bytes in base64url. */
const STATE = /^[\w-]{43}$/;
const MAX_CODE = 4096;
/** Parameters of other flows and response modes. A token in the URL was never requested. */
const OTHER_FLOW_PARAMETERS = ['id_token', 'access_token', 'token_type', 'response', 'token'];
const INTERACTION_ERRORS = new Set([
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);

/**
 * Reads the parameters of a callback. The HTTP layer rejects repeated parameters before.
 * @throws OidcError
 */
export function readCallback(query: Readonly<Record<string, unknown>>): AuthorizationResponse {
  ensure(
    OTHER_FLOW_PARAMETERS.every((name) => query[name] === undefined),
    'parameter_unexpected',
  );
  const { state, code, iss, error } = query;
  ensure(typeof state === 'string' && STATE.test(state), 'parameter_missing', 'state');
  ensure(
    (code === undefined) !== (error === undefined),
    code === undefined ? 'parameter_missing' : 'parameter_unexpected',
    'code or error',
  );
  for (const value of [code, iss, error])
    ensure(value === undefined || (typeof value === 'string' && value !== ''), 'parameter_missing');
  ensure(String(code).length <= MAX_CODE, 'code_too_large');
  return { state, code, iss, error } as AuthorizationResponse;
}

/**
 * Checks the issuer of the response if the provider sent it or announced that it does. The response of another issuer
 * is a mix-up attack (RFC 9207, section 2.4).
 */
export function checkResponseIssuer(
  { iss }: AuthorizationResponse,
  { issuer, authorization_response_iss_parameter_supported: announced }: ProviderMetadata,
  connection: OidcConnection,
): void {
  ensure(iss !== undefined || announced !== true, 'response_issuer_missing');
  ensure(iss === undefined || issuersOf(issuer, connection).includes(iss), 'response_issuer_mismatch');
}

/** Returns the issuers that the provider's messages may name: one for each tenant if it serves several. */
export function issuersOf(issuer: string, { tenants }: OidcConnection): string[] {
  if (!issuer.includes(TENANT)) return [issuer];
  return tenants.map((tenant) => issuer.replaceAll(TENANT, tenant.toLowerCase()));
}

/** Returns the authorization code. Throws OidcError when the provider sent an error. */
export function codeOf({ code, error }: AuthorizationResponse): string {
  if (code !== undefined) return code;
  if (error === 'access_denied') throw new OidcError('provider_access_denied');
  throw new OidcError(
    INTERACTION_ERRORS.has(error!) ? 'provider_interaction_required' : 'provider_error',
    error!.replaceAll(/[^\w.-]/g, '').slice(0, 50),
  );
}
