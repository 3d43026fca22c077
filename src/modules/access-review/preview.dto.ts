import { Expose, Type } from 'class-transformer';
import { StaffOnly } from '../../platform/http/audience.js';
import { LevelResponse, RelatingAssignment } from './explain.dto.js';

export class PreviewedPermission {
  @Expose() permission: string;
  /** `org`, `assigned`, `own`, or `none`. */
  @Expose() scope: string;
  /** The rules that decide the scope. Empty when no rule names the permission. The scope is then `none`. */
  @StaffOnly() @Type(() => LevelResponse) decidedBy: LevelResponse[];
  @StaffOnly() @Type(() => LevelResponse) overrides: LevelResponse[];
  /** The number of people that the scope covers. Null when the permission does not apply to people. */
  @Expose() people: number | null;
}

export class PreviewedAssignment extends RelatingAssignment {
  @StaffOnly() personId: string;
  /** Whether the assignment has started. */
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
  /**
   * The permission that the route requires. The value `signed-in` means that every signed-in user may call the route.
   */
  @Expose() permission: string;
}

export class PreviewResponse {
  @StaffOnly() membershipId: string;
  @StaffOnly() userId: string;
  @StaffOnly() name: string;
  @StaffOnly() email: string;
  @Expose() role: string;
  /** `member`, or `support` for a member of the operator's support staff. */
  @Expose() kind: string;
  @StaffOnly() createdAt: Date;
  @StaffOnly() endedAt: Date | null;
  /** The time of the last use, accurate to the hour. */
  @StaffOnly() lastUsedAt: Date | null;
  /**
   * The error codes that the user would get after a sign-in with a password: `membership_ended`,
   * `organization_suspended`, `password_change_required` (for changes only), `step_up_required`,
   * `mfa_enrollment_required`, `sso_required`, `sign_in_method_not_allowed`.
   */
  @StaffOnly() signInRestrictions: string[];
  /** All declared permissions. If the membership has ended, every scope is `none`. */
  @Expose() @Type(() => PreviewedPermission) permissions: PreviewedPermission[];
  @Expose() @Type(() => PreviewedAssignment) assignments: PreviewedAssignment[];
  /** Active access grants. */
  @Expose() @Type(() => PreviewedAccessGrant) accessGrants: PreviewedAccessGrant[];
  /** The routes that the user may call. The scopes decide which rows a route returns. */
  @Expose() @Type(() => AllowedRoute) routes: AllowedRoute[];
}
