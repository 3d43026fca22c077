import { Expose, Type } from 'class-transformer';
import { StaffOnly } from '../../platform/http/audience.js';
import { LevelResponse, RelatingAssignment } from './explain.dto.js';

export class PreviewedPermission {
  @Expose() permission: string;
  /** org, assigned, own, or none. */
  @Expose() scope: string;
  /** Empty when no rule names the permission; the scope is then none. */
  @StaffOnly() @Type(() => LevelResponse) decidedBy: LevelResponse[];
  @StaffOnly() @Type(() => LevelResponse) overrides: LevelResponse[];
  /** The number of people in scope; null for a permission that is not person-scoped. */
  @Expose() people: number | null;
}

export class PreviewedAssignment extends RelatingAssignment {
  @StaffOnly() personId: string;
  /** False for an assignment that starts later. */
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
  /** The permission that the route requires, or signed-in. */
  @Expose() permission: string;
}

export class PreviewResponse {
  @StaffOnly() membershipId: string;
  @StaffOnly() userId: string;
  @StaffOnly() name: string;
  @StaffOnly() email: string;
  @Expose() role: string;
  /** member, or support (a member of the operator's staff). */
  @Expose() kind: string;
  @StaffOnly() createdAt: Date;
  @StaffOnly() endedAt: Date | null;
  /** Accurate to the hour. */
  @StaffOnly() lastUsedAt: Date | null;
  /**
   * Problem codes that a sign-in by password would meet: membership_ended, organization_suspended,
   * password_change_required (blocks changes only), step_up_required, mfa_enrollment_required, sso_required,
   * sign_in_method_not_allowed.
   */
  @StaffOnly() signInRestrictions: string[];
  /** All declared permissions. An ended membership holds none. */
  @Expose() @Type(() => PreviewedPermission) permissions: PreviewedPermission[];
  @Expose() @Type(() => PreviewedAssignment) assignments: PreviewedAssignment[];
  /** Active access grants. */
  @Expose() @Type(() => PreviewedAccessGrant) accessGrants: PreviewedAccessGrant[];
  /** The routes that the permissions open. The scopes decide which rows a route returns. */
  @Expose() @Type(() => AllowedRoute) routes: AllowedRoute[];
}
