import { Expose, Type } from 'class-transformer';
import { StaffOnly } from '../../platform/http/audience.js';
import { LevelResponse, RelatingAssignment } from './explain.dto.js';

export class PreviewedPermission {
  @Expose() permission: string;
  /** org, assigned, own, or none. */
  @Expose() scope: string;
  /** Empty where nobody says anything of it, which is none. */
  @StaffOnly() @Type(() => LevelResponse) decidedBy: LevelResponse[];
  @StaffOnly() @Type(() => LevelResponse) overrides: LevelResponse[];
  /** How many people can be seen and are in its reach; null for what is not about people. */
  @Expose() people: number | null;
}

export class PreviewedAssignment extends RelatingAssignment {
  @StaffOnly() personId: string;
  /** False for one that begins later. */
  @Expose() inForce: boolean;
}

export class HeldScope {
  @Expose() permission: string;
  @Expose() scope: string;
}

export class PreviewedAccessGrant {
  @Expose() id: string;
  @Expose() @Type(() => HeldScope) grants: HeldScope[];
  @StaffOnly() personId: string | null;
  @StaffOnly() reason: string;
  @Expose() expiresAt: Date;
}

export class AllowedRoute {
  @Expose() method: string;
  @Expose() path: string;
  /** The permission that opens it, or signed-in. */
  @Expose() permission: string;
}

export class PreviewResponse {
  @StaffOnly() membershipId: string;
  @StaffOnly() userId: string;
  @StaffOnly() name: string;
  @StaffOnly() email: string;
  @Expose() role: string;
  /** member, or support: an operator's staff. */
  @Expose() kind: string;
  @StaffOnly() createdAt: Date;
  @StaffOnly() endedAt: Date | null;
  /** Within the hour. */
  @StaffOnly() lastUsedAt: Date | null;
  /**
   * Codes of the problems that a sign-in by password meets first: membership_ended, organization_suspended,
   * password_change_required (blocks changes alone), step_up_required, mfa_enrollment_required, sso_required, sign_in_method_not_allowed.
   */
  @StaffOnly() signInRestrictions: string[];
  /** Every permission there is. An ended membership holds none. */
  @Expose() @Type(() => PreviewedPermission) permissions: PreviewedPermission[];
  @Expose() @Type(() => PreviewedAssignment) assignments: PreviewedAssignment[];
  /** Those in force. */
  @Expose() @Type(() => PreviewedAccessGrant) accessGrants: PreviewedAccessGrant[];
  /** What the permissions open. Which rows are found behind a route depends on their scopes. */
  @Expose() @Type(() => AllowedRoute) routes: AllowedRoute[];
}
