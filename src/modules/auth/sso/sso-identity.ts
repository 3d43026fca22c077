/** Who an identity provider's verified answer is about, whatever the protocol. */
export interface SsoIdentity {
  /** Names the person within the connection, for ever; never an e-mail address looked up elsewhere. */
  readonly subjectKey: string;
  readonly email?: string;
  /** There is an address, but the provider does not say that it is theirs: it is not taken. */
  readonly emailUnverified?: boolean;
  readonly displayName?: string;
  readonly groups: readonly string[];
  /** By the connection's group list, else its default; none when neither gives one. */
  readonly role?: string;
}

/** Somebody who came back from their identity provider with an answer that holds. */
export interface SsoArrival {
  readonly connectionId: string;
  readonly identity: SsoIdentity;
  /** A path on this host. */
  readonly returnTo: string;
  /** Our session must end by then. Epoch milliseconds. */
  readonly sessionEnds?: number;
  /** What the provider calls the session: SAML's SessionIndex, OpenID Connect's sid. */
  readonly idpSession?: string;
}

/** One `@`, no blanks or control characters, RFC 5321's 254 characters at most. Whether it is *theirs* is another question. */
const EMAIL = /^[^\s@\p{C}]{1,64}@[^\s@\p{C}]{1,189}$/u;

export function isEmailAddress(text: string): boolean {
  return EMAIL.test(text);
}
