/** A session that was opened. The secret goes into the cookie; the server stores only its hash. */
export interface OpenedSession {
  secret: string;
  organizationId: string;
  expiresAt: Date;
  /** Whether the session lasts seven days: the user requested it and the organization allows it. */
  remembered: boolean;
}
