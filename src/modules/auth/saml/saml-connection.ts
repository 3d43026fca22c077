import type { FoundConnection, SamlBinding } from '../sso/index.js';
import { ensure } from './saml-error.js';

/** A key of ours towards one identity provider, and the certificate that shows its public half. PEM. */
export interface SpKey {
  readonly privateKey: string;
  readonly certificate: string;
}

/** One institution's SAML identity provider, and what it is to us. */
export interface SamlConnection {
  readonly id: string;
  readonly orgId: string;
  /** The stored connection. The service that opens the session reuses it. */
  readonly found: FoundConnection;
  /** Our own names towards this identity provider; see {@link serviceProviderUrls}. */
  readonly spEntityId: string;
  readonly acsUrl: string;
  readonly logoutUrl: string;
  readonly formUrl: string;
  readonly idpEntityId: string;
  readonly idpSsoUrl: string;
  readonly idpSsoBinding: SamlBinding;
  /** Where it takes logout messages; without one there is no single logout. */
  readonly idpSloUrl?: string;
  /** Where it takes answers to its own logout requests, when that is elsewhere. */
  readonly idpSloResponseUrl?: string;
  readonly idpSloBinding: SamlBinding;
  /** PEM. More than one while a certificate is being replaced. */
  readonly idpCertificates: readonly string[];
  /** The scopes (shibmd:Scope) that it speaks for, in lower case. */
  readonly idpScopes: readonly string[];
  /** The assertion is always signed; some identity providers sign the response around it too. */
  readonly wantResponseSigned: boolean;
  /** Whether a plain assertion is refused. An encrypted one is taken wherever we have a key. */
  readonly wantAssertionEncrypted: boolean;
  readonly signRequests: boolean;
  /** Whether an answer to no request of ours is heard. */
  readonly idpInitiated: boolean;
  /** Whether people must show who they are at every sign-in, whatever session they have over there. */
  readonly forceAuthn: boolean;
  /** Who a person is: the NameID, or for Entra ID the tenant and object ids, which outlive every rename. */
  readonly subject: 'name-id' | 'entra-object';
  readonly emailAttribute?: string;
  readonly nameAttribute?: string;
  readonly groupAttribute?: string;
  /** The first group in this list that the person is in decides the role. */
  readonly groupRoles: readonly { readonly group: string; readonly role: string }[];
  readonly attributeRoles?: readonly { readonly attribute: string; readonly value: string; readonly role: string }[];
  readonly defaultRole?: string;
  /** Whether a person unknown so far gets an account at the first sign-in. */
  readonly jitProvisioning: boolean;
  /** How far the two clocks may differ, 60 to 180 seconds. */
  readonly clockSkewSeconds: number;
  /** The first signs; a second one is being introduced. Each decrypts. */
  readonly spKeys: readonly SpKey[];
}

/** Where connections come from. */
export abstract class SamlConnections {
  /** The connection that may be signed in through, or nothing when there is none of this id, whatever its form. */
  abstract find(connectionId: string): Promise<SamlConnection | undefined>;
}

/** How old a message may be that answers nothing of ours. */
export const UNSOLICITED_MS = 3 * 60 * 1000;

const MIN_SKEW_SECONDS = 60;
const MAX_SKEW_SECONDS = 180;

/** The allowed difference between the clocks, held within its bounds. In milliseconds. */
export function clockSkewMillis(connection: SamlConnection): number {
  return Math.min(Math.max(connection.clockSkewSeconds, MIN_SKEW_SECONDS), MAX_SKEW_SECONDS) * 1000;
}

/** The key that our messages are signed with. Throws unavailable: nothing leaves unsigned that should be signed. */
export function signingKey({ spKeys: [key] }: SamlConnection): SpKey {
  ensure(key !== undefined, 'unavailable', 'the connection has no key');
  return key;
}

/**
 * Our addresses towards one identity provider. Each connection has its own entity id, so that an assertion
 * made for one organization names an audience that no other accepts.
 */
export function serviceProviderUrls(
  publicUrl: string,
  connectionId: string,
): { spEntityId: string; acsUrl: string; loginUrl: string; logoutUrl: string; formUrl: string; metadataUrl: string } {
  const base = `${publicUrl}/v1/sso/saml/${connectionId}`;
  return {
    spEntityId: `${base}/metadata`,
    metadataUrl: `${base}/metadata`,
    acsUrl: `${base}/acs`,
    loginUrl: `${base}/login`,
    logoutUrl: `${base}/logout`,
    formUrl: `${base}/form`,
  };
}
