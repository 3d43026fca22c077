import type { Location } from '../geoip/index.js';

/** Who acts: a signed-in user, a job of ours, a webhook source, or nobody known yet. */
export interface Actor {
  type: 'user' | 'system' | 'source' | 'anonymous';
  id: string | null;
  email?: string;
  name?: string;
}

/** The member behind a request, as the database described it when the session was entered. */
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
  /** Whether the role is one of record subjects, who are shown less than staff. */
  portal: boolean;
  grants: ReadonlyMap<string, string>;
  /** The time-boxed access grant in force, if there is one. */
  accessGrantId: string | null;
  /** The API key that the request came with; null for a member in person. */
  apiKeyId: string | null;
}

/** The caller and the organization that the audit log and the repositories read. */
export interface Identity {
  orgId: string;
  actor: Actor;
  member: Member | null;
}

/** What a request brings with it. A derived context keeps it. */
export interface Origin {
  readonly requestId: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** The token of the browser's device cookie; null when the request has none. */
  readonly device: string | null;
  /** The location of the IP; computed when it is called. */
  readonly location: () => Location | null;
}
