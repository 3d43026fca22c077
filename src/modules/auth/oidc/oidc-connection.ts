import type { FoundConnection } from '../sso/index.js';

/** One organization's OpenID provider, and what we are to it. */
export interface OidcConnection {
  readonly id: string;
  readonly orgId: string;
  /** The stored connection. The service that opens the session reuses it. */
  readonly found: FoundConnection;
  /** The issuer as it was set up; for Azure AD B2C and Entra's `common` the address its documents are found under. */
  readonly issuer: string;
  readonly clientId: string;
  /** Without one we are a public client, known by PKCE alone. */
  readonly clientSecret?: string;
  /** Those let in of an issuer of many: Entra directory ids, Google hosted domains. */
  readonly tenants: readonly string[];
  /** Asked for beside openid, email and profile. */
  readonly scopes: readonly string[];
  /** Who a person is: the subject, or for Entra ID the tenant's and the object's id. */
  readonly subject: 'sub' | 'entra-object';
  readonly emailAttribute?: string;
  readonly nameAttribute?: string;
  readonly groupAttribute?: string;
  /** The first group in this list that the person is in decides the role. */
  readonly groupRoles: readonly { readonly group: string; readonly role: string }[];
  readonly attributeRoles: readonly { readonly attribute: string; readonly value: string; readonly role: string }[];
  readonly defaultRole?: string;
  /** Whether every sign-in asks for the credentials anew. */
  readonly forceAuthn: boolean;
  /** How far the two clocks may differ. */
  readonly clockSkewSeconds: number;
}

/**
 * Our addresses towards one provider. Each connection has its own, so that no answer is taken for another's (RFC 9700,
 * section 4.4.2.2).
 */
export function relyingPartyUrls(origin: string, connectionId: string) {
  const base = `${origin}/v1/sso/oidc/${connectionId}`;
  return {
    loginUrl: `${base}/login`,
    callbackUrl: `${base}/callback`,
    backchannelLogoutUrl: `${base}/backchannel-logout`,
    postLogoutUrl: `${origin}/`,
  };
}
