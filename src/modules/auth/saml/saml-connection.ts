import type { FoundConnection, SamlBinding } from '../sso/index.js';
import { ensure } from './saml-error.js';

/** A service provider key for one identity provider, and the certificate of its public key. PEM. */
export interface SpKey {
  readonly privateKey: string;
  readonly certificate: string;
}

/** One organization's SAML identity provider, and the service provider that the application is there. */
export interface SamlConnection {
  readonly id: string;
  readonly orgId: string;
  /** The stored connection. The service that opens the session reuses it. */
  readonly found: FoundConnection;
  /** The application's own identifiers for this identity provider; see {@link serviceProviderUrls}. */
  readonly spEntityId: string;
  readonly acsUrl: string;
  readonly logoutUrl: string;
  readonly formUrl: string;
  readonly idpEntityId: string;
  /** The URL at which the provider publishes its metadata, if the connection was set up with one. */
  readonly metadataUrl: string | null;
  readonly idpSsoUrl: string;
  readonly idpSsoBinding: SamlBinding;
  /** The provider's URL for logout messages. Without it, single logout is off. */
  readonly idpSloUrl?: string;
  /** The provider's URL for logout responses, if it differs. */
  readonly idpSloResponseUrl?: string;
  readonly idpSloBinding: SamlBinding;
  /** PEM. The provider has several while it replaces a certificate. */
  readonly idpCertificates: readonly string[];
  /** The scopes (shibmd:Scope) that the provider may use, in lower case. */
  readonly idpScopes: readonly string[];
  /**
   * Whether the response itself, or the assertion itself, must be signed. One of the two signatures is always required.
   */
  readonly wantResponseSigned: boolean;
  readonly wantAssertionSigned: boolean;
  /** Whether a plain assertion is rejected. An encrypted one is accepted if the connection has a key. */
  readonly wantAssertionEncrypted: boolean;
  readonly signRequests: boolean;
  /** Whether unsolicited responses are accepted. */
  readonly idpInitiated: boolean;
  /** Whether users must authenticate at every sign-in, even if they have a session at the provider. */
  readonly forceAuthn: boolean;
  /** The identifier of a user: the NameID, or for Entra ID the tenant id and object id, which a rename keeps. */
  readonly subject: 'name-id' | 'entra-object';
  readonly emailAttribute?: string;
  readonly nameAttribute?: string;
  readonly groupAttribute?: string;
  /** The first group in this list that the user belongs to decides the role. */
  readonly groupRoles: readonly { readonly group: string; readonly role: string }[];
  readonly attributeRoles?: readonly { readonly attribute: string; readonly value: string; readonly role: string }[];
  readonly defaultRole?: string;
  /** Whether an unknown user gets an account at the first sign-in. */
  readonly jitProvisioning: boolean;
  /** The allowed difference between the clocks: 60 to 180 seconds. */
  readonly clockSkewSeconds: number;
  /** The first key signs; a second one is pending. Each can decrypt. */
  readonly spKeys: readonly SpKey[];
}

/** The part of a connection that decides over a message: plain data, which a worker thread can receive. */
export type MessageSettings = Pick<SamlConnection, (typeof MESSAGE_SETTINGS)[number]>;

const MESSAGE_SETTINGS = [
  'spEntityId',
  'acsUrl',
  'logoutUrl',
  'idpEntityId',
  'idpSsoUrl',
  'idpCertificates',
  'wantResponseSigned',
  'wantAssertionSigned',
  'wantAssertionEncrypted',
  'groupAttribute',
  'clockSkewSeconds',
  'spKeys',
] as const;

/** Returns the settings that the verification of a message needs, and no other secret of the connection. */
export function messageSettings(connection: SamlConnection): MessageSettings {
  return Object.fromEntries(MESSAGE_SETTINGS.map((name) => [name, connection[name]])) as unknown as MessageSettings;
}
/** The part of a connection that is known before the provider's data is. */
export type ServiceProviderConnection = Omit<SamlConnection, `idp${string}`>;

/** The source of the connections. */
export abstract class SamlConnections {
  /** Returns the connection that users may sign in through; undefined when none has this id, whether or not a UUID. */
  abstract find(connectionId: string): Promise<SamlConnection | undefined>;
}

/** The greatest age of a message that answers no request. */
export const UNSOLICITED_MS = 3 * 60 * 1000;

const MIN_SKEW_SECONDS = 60;
const MAX_SKEW_SECONDS = 180;

/** Returns the allowed difference between the clocks, within its bounds, in milliseconds. */
export function clockSkewMillis(connection: Pick<SamlConnection, 'clockSkewSeconds'>): number {
  return Math.min(Math.max(connection.clockSkewSeconds, MIN_SKEW_SECONDS), MAX_SKEW_SECONDS) * 1000;
}

/** Returns the key that signs outgoing messages. Throws `unavailable` without a key, so that none leaves unsigned. */
export function signingKey({ spKeys: [key] }: SamlConnection): SpKey {
  ensure(key !== undefined, 'unavailable', 'the connection has no key');
  return key;
}

/**
 * Returns the URLs of the application for one identity provider. Each connection has its own entity id, so that an
 * assertion for one organization names an audience that no other organization accepts.
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
