import { Expose, Type } from 'class-transformer';
import { IsUUID, Matches } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import type { LevelName } from './explain.repository.js';

export class WhoCanQuery extends PageQuery {
  /**
   * The resource type: `assignment`, `delivery`, `export`, `membership`, `organization`, `person`, `session`,
   * `sso-connection`, or `webhook-source`.
   */
  @Matches(/^[a-z]{2,20}(-[a-z]{1,20}){0,2}$/)
  resource: string;

  /** The id of one resource. Without it, the response lists the members who can reach resources of this type. */
  @MayBeAbsent()
  @IsUUID()
  id?: string;

  /** The permission to check. Default: the permission to see the resource. */
  @MayBeAbsent()
  @Matches(/^[a-z-]{2,40}:[a-z-]{2,40}$/)
  permission?: string;
}

export class PreviewQuery {
  @IsUUID()
  userId: string;
}

/** One rule that sets the scope of a member's permission. */
export class LevelResponse {
  /**
   * The source of the rule. `member` is an override for the member, and `access-grant` is an active access grant.
   * `role` is the organization's override for a role, and `default` is the preset. `member` and `access-grant` take
   * precedence over `role`, and `role` over `default`.
   */
  @Expose() level: LevelName;
  /** The role, if the level is `role` or `default`. Otherwise null. */
  @Expose() role: string | null;
  /** `org`, `assigned`, `own`, or `none`. The value `none` denies the permission. */
  @Expose() scope: string;
  @Expose() since: Date | null;
  @Expose() accessGrantId: string | null;
  @Expose() expiresAt: Date | null;
}

export class RelatingAssignment {
  @Expose() id: string;
  @Expose() from: Date;
  @Expose() until: Date | null;
  @Expose() accessGrantId: string | null;
}

export class ReasonResponse {
  /**
   * `see` is the step of seeing the resource. `do` is the step of using the permission. A member needs at least one
   * reason for each step.
   */
  @Expose() step: 'see' | 'do';
  /** The permission that the step requires. Null when the step requires none. */
  @Expose() permission: string | null;
  @Expose() scope: string;
  /**
   * Why the scope covers the resource. `organization`: the scope is the whole organization. `assigned`: the person is
   * assigned to the member. `own`: the person is the member. `own-row`: the row belongs to the member.
   */
  @Expose() relation: string;
  @StaffOnly() @Type(() => RelatingAssignment) assignments: RelatingAssignment[];
  /** The rules that grant the permission. The list has several rules if they give the same scope. */
  @StaffOnly() @Type(() => LevelResponse) decidedBy: LevelResponse[];
  @StaffOnly() @Type(() => LevelResponse) overrides: LevelResponse[];
}

export class WhoCanResponse {
  @StaffOnly() membershipId: string;
  @StaffOnly() name: string;
  @StaffOnly() email: string;
  @Expose() role: string;
  /** The widest scope among the reasons of the last step. */
  @Expose() scope: string;
  @StaffOnly() @Type(() => ReasonResponse) reasons: ReasonResponse[];
}
