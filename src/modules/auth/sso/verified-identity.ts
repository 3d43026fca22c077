import type { FoundConnection } from './found-connection.js';
import type { IdpClaims } from './role-mapping.js';
import type { SsoDiagnostics } from '../sso-messages/index.js';

/** The user that a verified response of an identity provider names, for every protocol. */
export interface SsoIdentity {
  /** The permanent identifier of the user within the connection. It is never an e-mail address from elsewhere. */
  readonly subjectKey: string;
  readonly email?: string;
  /** The provider sent an e-mail address but did not confirm it, so it is ignored. */
  readonly emailUnverified?: boolean;
  readonly displayName?: string;
  readonly groups: readonly string[];
  /** The role by the connection's mapping; undefined when no rule gives a role. */
  readonly role?: string;
  /** All attributes or claims about the user. */
  readonly claims?: IdpClaims;
}

/** The purpose of a sign-in, if it is not a session in the connection's own organization. */
export interface SsoIntent {
  /** The target organization of the session, if it is another one. */
  readonly organization?: string;
  /** The membership id of the member who tests the connection. No session is opened. */
  readonly testBy?: string;
}

/** The result of a verified response of an identity provider, for every protocol. */
export interface VerifiedIdentity {
  /** The connection that the response was verified for. */
  readonly connection: FoundConnection;
  readonly identity: SsoIdentity;
  /** A path on this host. */
  readonly returnTo: string;
  /** The latest end of the session. Epoch milliseconds. */
  readonly sessionEnds?: number;
  /** The provider's id of the session: SAML's SessionIndex or OpenID Connect's sid. */
  readonly idpSession?: string;
  /**
   * The user's identifier in messages that end sessions: SAML's NameID with its qualifiers, or OpenID Connect's subject
   * key.
   */
  readonly idpSubject?: string;
  /** What a later logout request repeats: the ID token of OpenID Connect, or SAML's NameID as XML. */
  readonly logoutHint?: string;
  /**
   * The time of the user's last authentication at the provider. The session is no fresher. Epoch milliseconds.
   */
  readonly signedInAt?: number;
  readonly intent?: SsoIntent;
  /**
   * The secret of the browser whose request the response answers. Undefined for an unsolicited response: any site can
   * make a browser post one.
   */
  readonly browser?: string;
  /** The part of the response that administrators may see. */
  readonly diagnostics?: SsoDiagnostics;
}
