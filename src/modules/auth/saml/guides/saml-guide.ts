import type { ProviderGuide } from '../../sso/index.js';

export const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
export const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
export const MICROSOFT = 'http://schemas.microsoft.com';

/**
 * A guide for SAML. Its rows use these values of the connection: `{acs}`, `{entity}`, `{metadata}`, `{login}`,
 * `{logout}`, and `{certificate}`, which a connection without a key does not have.
 */
export interface SamlGuide extends ProviderGuide {
  /** What a provider with these values sends. */
  readonly sends: {
    readonly nameIdFormat: string;
    readonly signs: 'assertion' | 'both';
  };
}
