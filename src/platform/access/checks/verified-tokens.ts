const TRUST_MS = 60_000;
const MAX_TOKENS = 10_000;

/** The claims of the session token: the secret of its session row, and the expiry in seconds (RFC 7519). */
export interface SessionToken {
  sid: string;
  exp: number;
}

/**
 * Remembers the verified session tokens for one minute, because a signature costs more than a lookup. A remembered
 * token is not a session: each request still reads the row of its session, so a revocation applies immediately.
 */
export class VerifiedTokens {
  private readonly known = new Map<string, { token: SessionToken; until: number }>();

  /** Returns the claims of a remembered token that has not expired. */
  find(text: string): SessionToken | undefined {
    const entry = this.known.get(text);
    if (entry === undefined || Date.now() < entry.until) return entry?.token;
    this.known.delete(text);
    return undefined;
  }

  /** Remembers a verified token, at most until its expiry. Forgets the oldest token when there are too many. */
  add(text: string, token: SessionToken): void {
    if (this.known.size >= MAX_TOKENS) this.known.delete(this.known.keys().next().value!);
    this.known.set(text, { token, until: Math.min(Date.now() + TRUST_MS, token.exp * 1_000) });
  }
}
