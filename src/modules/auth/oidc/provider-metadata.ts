import type { AuthorizationServer } from 'oauth4webapi';
import { ensure } from './oidc-error.js';

/** The part of a provider's discovery document that the application uses (OpenID Connect Discovery 1.0, section 3). */
export type ProviderMetadata = AuthorizationServer &
  Required<Pick<AuthorizationServer, 'authorization_endpoint' | 'token_endpoint' | 'jwks_uri'>>;

const WELL_KNOWN = '/.well-known/openid-configuration';
/** The placeholder for the tenant id in the issuer of Entra ID's documents for many tenants. */
export const TENANT = '{tenantid}';
const MANY_TENANTS = /^(https?:\/\/[^/]+)\/(?:common|organizations)(\/|$)/;
const POLICY = /^b2c_1a?_[\w.-]{1,100}$/i;
const DIRECTORY = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'end_session_endpoint',
] as const;

/** Returns whether a text can be a URL of a provider: https, or http on the loopback host if that is allowed. */
export function isProviderUrl(text: unknown, allowLoopback: boolean): text is string {
  const url = typeof text === 'string' && text.length <= 2048 ? URL.parse(text) : null;
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (allowLoopback && url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}

/** Returns whether an issuer serves many tenants, so that the connection must list the allowed ones. */
export function isOfManyTenants(issuer: string): boolean {
  return MANY_TENANTS.test(issuer);
}

/** Returns the URL of the provider's discovery document. */
export function documentUrl(issuer: string): string {
  return issuer.includes(WELL_KNOWN) ? issuer : issuer.replace(/\/$/, '') + WELL_KNOWN;
}

/** Returns the user flow that an Azure AD B2C issuer names, in lower case. */
export function policyOf(issuer: string): string | undefined {
  const url = new URL(issuer);
  return [...url.pathname.split('/'), url.searchParams.get('p') ?? ''].find((part) => POLICY.test(part))?.toLowerCase();
}

/**
 * Returns whether a document that was found for `configured` may state the issuer `documented`. The two must be equal.
 * Entra ID's documents for many tenants may contain the placeholder. Azure AD B2C's documents may contain the tenant id
 * and an issuer that several user flows share.
 */
export function isIssuerOf(configured: string, documented: string): boolean {
  const [issuer] = configured.split(WELL_KNOWN);
  if (issuer === documented || configured.replace(MANY_TENANTS, `$1/${TENANT}$2`) === documented) return true;
  const policy = policyOf(configured);
  if (policy === undefined) return false;
  const found = URL.parse(documented);
  const path = new RegExp(`^/(?:${DIRECTORY}|tfp/${DIRECTORY}/${policy.replaceAll('.', '\\.')})/v2\\.0/$`, 'i');
  return (
    found !== null && found.origin === new URL(configured).origin && path.test(found.pathname) && found.search === ''
  );
}

/**
 * Reads the discovery document of a provider.
 * @throws OidcError
 */
export function readProviderMetadata(text: string, configured: string, allowLoopback: boolean): ProviderMetadata {
  const document = parsed(text);
  const { issuer } = document;
  ensure(typeof issuer === 'string', 'provider_metadata_invalid', 'issuer');
  ensure(isIssuerOf(configured, issuer), 'provider_issuer_mismatch', `the provider states ${issuer.slice(0, 250)}`);
  for (const name of ENDPOINTS) {
    const isRequired = name !== 'userinfo_endpoint' && name !== 'end_session_endpoint';
    ensure(
      document[name] === undefined ? !isRequired : isProviderUrl(document[name], allowLoopback),
      'provider_metadata_invalid',
      name,
    );
  }
  for (const name of [
    'id_token_signing_alg_values_supported',
    'token_endpoint_auth_methods_supported',
    'response_types_supported',
    'claims_supported',
  ] as const) {
    ensure(document[name] === undefined || Array.isArray(document[name]), 'provider_metadata_invalid', name);
  }
  ensure(document.response_types_supported?.includes('code') !== false, 'provider_unsupported', 'code flow');
  return document as ProviderMetadata;
}

function parsed(text: string): Partial<AuthorizationServer> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    ensure(false, 'provider_metadata_invalid', 'not JSON');
  }
  ensure(
    typeof document === 'object' && document !== null && !Array.isArray(document),
    'provider_metadata_invalid',
    'not an object',
  );
  return document;
}
