/** A session that was opened: the secret goes into the cookie and is kept nowhere. */
export interface OpenedSession {
  secret: string;
  organizationId: string;
  expiresAt: Date;
  /** Whether it lasts for days, as was asked for and is allowed. */
  remembered: boolean;
}
