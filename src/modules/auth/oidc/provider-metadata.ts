import type { AuthorizationServer } from 'oauth4webapi';
import { ensure } from './oidc-error.js';

/** What a provider says of itself (OpenID Connect Discovery 1.0, section 3), as far as it is relied upon. */
export type ProviderMetadata = AuthorizationServer &
  Required<Pick<AuthorizationServer, 'authorization_endpoint' | 'token_endpoint' | 'jwks_uri'>>;

const WELL_KNOWN = '/.well-known/openid-configuration';
/** Stands for the directory in the issuer of Entra ID's documents for many. */
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

/** Whether this may be an address of a provider: https, and on this machine http too where that is allowed. */
export function isProviderUrl(text: unknown, allowLoopback: boolean): text is string {
  const url = typeof text === 'string' && text.length <= 2048 ? URL.parse(text) : null;
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (allowLoopback && url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}

/** Whether an issuer speaks for many directories, so that those let in must be named. */
export function isOfManyTenants(issuer: string): boolean {
  return MANY_TENANTS.test(issuer);
}

/** Where the provider's document lies. */
export function documentUrl(issuer: string): string {
  return issuer.includes(WELL_KNOWN) ? issuer : issuer.replace(/\/$/, '') + WELL_KNOWN;
}

/** The user flow of Azure AD B2C that an issuer names, in lower case. */
export function policyOf(issuer: string): string | undefined {
  const url = new URL(issuer);
  return [...url.pathname.split('/'), url.searchParams.get('p') ?? ''].find((part) => POLICY.test(part))?.toLowerCase();
}

/**
 * Whether a document found for `configured` may call its issuer `documented`: the same to the letter, but for Entra's
 * documents for many
 * directories, and for B2C's, which name the directory by its id and share an issuer between user flows.
 */
export function isIssuerOf(configured: string, documented: string): boolean {
  const [asked] = configured.split(WELL_KNOWN);
  if (asked === documented || configured.replace(MANY_TENANTS, `$1/${TENANT}$2`) === documented) return true;
  const policy = policyOf(configured);
  if (policy === undefined) return false;
  const found = URL.parse(documented);
  const path = new RegExp(`^/(?:${DIRECTORY}|tfp/${DIRECTORY}/${policy.replaceAll('.', '\\.')})/v2\\.0/$`, 'i');
  return (
    found !== null && found.origin === new URL(configured).origin && path.test(found.pathname) && found.search === ''
  );
}

/**
 * Reads a provider's document.
 * @throws OidcError
 */
export function readProviderMetadata(text: string, configured: string, allowLoopback: boolean): ProviderMetadata {
  const document = parsed(text);
  ensure(typeof document.issuer === 'string' && isIssuerOf(configured, document.issuer), 'provider_issuer_mismatch');
  for (const name of ENDPOINTS) {
    const needed = name !== 'userinfo_endpoint' && name !== 'end_session_endpoint';
    ensure(
      document[name] === undefined ? !needed : isProviderUrl(document[name], allowLoopback),
      'provider_metadata_invalid',
      name,
    );
  }
  for (const name of [
    'id_token_signing_alg_values_supported',
    'token_endpoint_auth_methods_supported',
    'response_types_supported',
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
