import { Expose, Type } from 'class-transformer';
import { IsUUID } from 'class-validator';

export class SwitchOrganizationDto {
  @IsUUID()
  orgId: string;
}

export class OwnOrganizationResponse {
  @Expose() id: string;
  @Expose() name: string;
  @Expose() role: string;
  /** Whether the current session belongs to this organization. */
  @Expose() current: boolean;
  /** Whether the session can switch to this organization. If false, the user must sign in to it. */
  @Expose() reachable: boolean;
}

export class MeUser {
  @Expose() id: string;
  @Expose() email: string;
  @Expose() name: string;
}

export class MeOrganization {
  @Expose() id: string;
  @Expose() name: string;
  @Expose() preset: string;
}

export class MeGrant {
  @Expose() permission: string;
  /** `org`, `assigned`, or `own`. */
  @Expose() scope: string;
}

export class MeSession {
  /** Null when the request uses an API key. */
  @Expose() id: string | null;
}

export class MeResponse {
  @Expose() @Type(() => MeUser) user: MeUser;
  @Expose() @Type(() => MeOrganization) organization: MeOrganization;
  @Expose() membershipId: string;
  @Expose() role: string;
  @Expose() permissions: string[];
  @Expose() @Type(() => MeGrant) grants: MeGrant[];
  @Expose() @Type(() => MeSession) session: MeSession;
  /** The id of the API key that the request uses; null in a session. */
  @Expose() apiKeyId: string | null;
}

export class SignedInResponse {
  @Expose() organizationId: string;
  /** The absolute expiry of the session. */
  @Expose() expiresAt: Date;
  /** Whether the session lasts seven days. */
  @Expose() remembered: boolean;
}

export class SessionResponse {
  @Expose() id: string;
  @Expose() method: string;
  @Expose() createdAt: Date;
  @Expose() lastSeenAt: Date;
  @Expose() expiresAt: Date;
  @Expose() ip: string | null;
  @Expose() userAgent: string | null;
  /** Browser and system, such as "Firefox on Windows". */
  @Expose() device: string | null;
  /** The name of the country, if the IP address reveals it. */
  @Expose() location: string | null;
  /** The ISO 3166-1 code of the country. */
  @Expose() country: string | null;
  /** Whether the session was opened for seven days. */
  @Expose() remembered: boolean;
  /** Whether this is the session of the current request. */
  @Expose() current: boolean;
}
