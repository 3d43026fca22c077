import { SIGNED_OUT_PAGE, type FoundConnection } from '../sso/index.js';

/** One organization's OpenID provider, and the application's client registration at that provider. */
export interface OidcConnection {
  readonly id: string;
  readonly orgId: string;
  /** The stored connection. The service that opens the session reuses it. */
  readonly found: FoundConnection;
  /** The configured issuer. For Azure AD B2C and Entra's `common`, it is the base URL of the discovery document. */
  readonly issuer: string;
  readonly clientId: string;
  /** Without a secret, the application is a public client and uses PKCE only. */
  readonly clientSecret?: string;
  /** The allowed tenants of an issuer that serves many: Entra directory ids or Google hosted domains. */
  readonly tenants: readonly string[];
  /** The scopes to request in addition to openid, email, and profile. */
  readonly scopes: readonly string[];
  /** The claim that identifies a user: the subject, or for Entra ID the tenant id and object id. */
  readonly subject: 'sub' | 'entra-object';
  readonly emailAttribute?: string;
  readonly nameAttribute?: string;
  readonly groupAttribute?: string;
  /** The first group in the list that the user belongs to decides the role. */
  readonly groupRoles: readonly { readonly group: string; readonly role: string }[];
  readonly attributeRoles: readonly { readonly attribute: string; readonly value: string; readonly role: string }[];
  readonly defaultRole?: string;
  /** Whether a front-channel logout request names the subject in place of the session. */
  readonly frontchannelBySubject: boolean;
  /** Whether the provider must ask for credentials at every sign-in. */
  readonly forceAuthn: boolean;
  /** The greatest allowed difference between the clocks. */
  readonly clockSkewSeconds: number;
}

/**
 * Returns the URLs of the application for one provider. Each connection has its own callback URL, so that the response
 * of one provider cannot count as that of another (RFC 9700, section 4.4.2.2).
 */
export function relyingPartyUrls(origin: string, connectionId: string) {
  const base = `${origin}/v1/sso/oidc/${connectionId}`;
  return {
    loginUrl: `${base}/login`,
    callbackUrl: `${base}/callback`,
    backchannelLogoutUrl: `${base}/backchannel-logout`,
    frontchannelLogoutUrl: `${base}/frontchannel-logout`,
    postLogoutUrl: `${origin}${SIGNED_OUT_PAGE}`,
  };
}
