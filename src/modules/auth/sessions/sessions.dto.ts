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
  /** Whether it is the session's. */
  @Expose() current: boolean;
  /** Whether the session would be let in; otherwise one has to sign in there. */
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
  /** org, assigned or own. */
  @Expose() scope: string;
}

export class MeSession {
  /** Null where an API key stands in its place. */
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
  /** The key the request came with. */
  @Expose() apiKeyId: string | null;
}

export class SignedInResponse {
  @Expose() organizationId: string;
  /** When the session ends, whatever happens. */
  @Expose() expiresAt: Date;
  /** Whether it is one of seven days. */
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
  /** The country's name, where the address tells. */
  @Expose() location: string | null;
  /** Its ISO 3166-1 code. */
  @Expose() country: string | null;
  /** Whether it was to last for seven days. */
  @Expose() remembered: boolean;
  /** Whether this request came with it. */
  @Expose() current: boolean;
}
