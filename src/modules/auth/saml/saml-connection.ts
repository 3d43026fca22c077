import type { CacheProvider, SamlConfig } from '@node-saml/passport-saml';
import { ValidateInResponseTo } from '@node-saml/passport-saml';
import { SIGN_IN_MILLIS } from '../sso/request-store.js';

/** One institution's SAML identity provider, and what it is to us. */
export interface SamlConnection {
  readonly id: string;
  readonly orgId: string;
  /** Our own names towards this identity provider; see {@link serviceProviderUrls}. */
  readonly spEntityId: string;
  readonly acsUrl: string;
  readonly idpEntityId: string;
  readonly idpSsoUrl: string;
  /** PEM. More than one while a certificate is being replaced. */
  readonly idpCertificates: readonly string[];
  /** The assertion is always signed; some identity providers sign the response around it too. */
  readonly wantResponseSigned: boolean;
  /** Who a person is: the NameID, or for Entra ID the tenant and object ids, which outlive every rename. */
  readonly subject: 'name-id' | 'entra-object';
  readonly emailAttribute?: string;
  readonly groupAttribute?: string;
  /** The first group in this list that the person is in decides the role. */
  readonly groupRoles: readonly { readonly group: string; readonly role: string }[];
  readonly attributeRoles?: readonly { readonly attribute: string; readonly value: string; readonly role: string }[];
  readonly defaultRole?: string;
  /** Whether a person unknown so far gets an account at the first sign-in. */
  readonly jitProvisioning: boolean;
  /** How far the two clocks may differ, 60 to 180 seconds. */
  readonly clockSkewSeconds: number;
  /** With a key of our own, sign-in requests are signed. PEM. */
  readonly spKeyPair?: { readonly privateKey: string; readonly certificate: string };
}

/** Where connections come from. */
export abstract class SamlConnections {
  /** The connection that may be signed in through, or nothing when there is none of this id, whatever its form. */
  abstract find(connectionId: string): Promise<SamlConnection | undefined>;
}

const MIN_SKEW_SECONDS = 60;
const MAX_SKEW_SECONDS = 180;

/** The allowed difference between the clocks, held within its bounds. In milliseconds. */
export function clockSkewMillis(connection: SamlConnection): number {
  return Math.min(Math.max(connection.clockSkewSeconds, MIN_SKEW_SECONDS), MAX_SKEW_SECONDS) * 1000;
}

/**
 * Our addresses towards one identity provider. Each connection has its own entity id, so that an assertion
 * made for one organization names an audience that no other accepts.
 */
export function serviceProviderUrls(
  publicUrl: string,
  connectionId: string,
): { spEntityId: string; acsUrl: string; loginUrl: string; metadataUrl: string } {
  const base = `${publicUrl}/v1/sso/saml/${connectionId}`;
  return { spEntityId: `${base}/metadata`, metadataUrl: `${base}/metadata`, acsUrl: `${base}/acs`, loginUrl: `${base}/login` };
}

/** The SAML library's options for a connection, every one of its lenient defaults turned strict. */
export function samlOptions(connection: SamlConnection, requests: CacheProvider): SamlConfig {
  return {
    issuer: connection.spEntityId,
    audience: connection.spEntityId,
    callbackUrl: connection.acsUrl,
    entryPoint: connection.idpSsoUrl,
    idpIssuer: connection.idpEntityId,
    idpCert: [...connection.idpCertificates],
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: connection.wantResponseSigned,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    acceptedClockSkewMs: clockSkewMillis(connection),
    maxAssertionAgeMs: SIGN_IN_MILLIS,
    validateInResponseTo: ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: SIGN_IN_MILLIS,
    cacheProvider: requests,
    ...(connection.spKeyPair && {
      privateKey: connection.spKeyPair.privateKey,
      publicCert: connection.spKeyPair.certificate,
    }),
  };
}
