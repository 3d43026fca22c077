import type { Location } from '../geoip/index.js';

/** The actor of an audit event: a signed-in user, a system job, a webhook source, or an unidentified caller. */
export interface Actor {
  type: 'user' | 'system' | 'source' | 'anonymous';
  id: string | null;
  email?: string;
  name?: string;
}

/** The member of a request, as the database returned it when the session was entered. */
export interface Member {
  sessionId: string | null;
  userId: string;
  email: string;
  name: string;
  orgId: string;
  orgName: string;
  membershipId: string;
  personId: string | null;
  preset: string;
  role: string;
  /** True if the role is a portal role. Portal roles see fewer fields than staff. */
  portal: boolean;
  grants: ReadonlyMap<string, string>;
  /** The active access grant, if there is one. */
  accessGrantId: string | null;
  /** The API key of the request; null for a session. */
  apiKeyId: string | null;
}

/** The caller and the organization that the audit log and the repositories read. */
export interface Identity {
  orgId: string;
  actor: Actor;
  member: Member | null;
}

/** The fields that a request provides. A derived context keeps them. */
export interface Origin {
  readonly requestId: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** The token of the browser's device cookie; null when the request has none. */
  readonly device: string | null;
  /** A keyed hash of the user who last signed in with this browser; null for an unknown browser. */
  readonly browserUser: string | null;
  /** The location of the IP; computed when it is called. */
  readonly location: () => Location | null;
}
