import type { FoundConnection } from './found-connection.js';
import type { IdpClaims } from './role-mapping.js';
import type { SsoDiagnostics } from './sso-diagnostics.js';

/** Who an identity provider's verified answer is about, whatever the protocol. */
export interface SsoIdentity {
  /** Names the person within the connection, for ever; never an e-mail address looked up elsewhere. */
  readonly subjectKey: string;
  readonly email?: string;
  /** There is an address, but the provider does not say that it is theirs: it is not taken. */
  readonly emailUnverified?: boolean;
  readonly displayName?: string;
  readonly groups: readonly string[];
  /** By the connection's lists of groups and attributes, else its default; none when nothing gives one. */
  readonly role?: string;
  /** Everything that was said of the person. */
  readonly claims?: IdpClaims;
}

/** What a sign-in was begun for, where that is not a session in the connection's own organization. */
export interface SsoIntent {
  /** Another organization, that the session is to be in. */
  readonly organization?: string;
  /** The member who tries the connection: no session is opened. */
  readonly testBy?: string;
}

/** The result of a verified response of an identity provider, for every protocol. */
export interface VerifiedIdentity {
  /** The connection that the response was verified for. */
  readonly connection: FoundConnection;
  readonly identity: SsoIdentity;
  /** A path on this host. */
  readonly returnTo: string;
  /** Our session must end by then. Epoch milliseconds. */
  readonly sessionEnds?: number;
  /** What the provider calls the session: SAML's SessionIndex, OpenID Connect's sid. */
  readonly idpSession?: string;
  /**
   * The provider's name for the person in messages that end sessions: SAML's NameID with its qualifiers, OpenID
   * Connect's subject as identities are kept.
   */
  readonly idpSubject?: string;
  /**
   * When the provider last saw the person prove who they are; a session is no fresher than that. Epoch milliseconds.
   */
  readonly signedInAt?: number;
  readonly intent?: SsoIntent;
  /** What of the answer may be shown to administrators. */
  readonly diagnostics?: SsoDiagnostics;
}

/**
 * One `@`, no blanks or control characters, RFC 5321's 254 characters at most. Whether it is *theirs* is another
 * question.
 */
const EMAIL = /^[^\s@\p{C}]{1,64}@[^\s@\p{C}]{1,189}$/u;

export function isEmailAddress(text: string): boolean {
  return EMAIL.test(text);
}
