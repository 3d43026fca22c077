import { Expose, Type } from 'class-transformer';
import { IsUUID, Matches } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import type { LevelName } from './explain.repository.js';

export class WhoCanQuery extends PageQuery {
  /**
   * The resource type: assignment, delivery, export, membership, organization, person, session, sso-connection, or
   * webhook-source.
   */
  @Matches(/^[a-z]{2,20}(-[a-z]{1,20}){0,2}$/)
  resource: string;

  /** The id of one resource. Without it, the answer lists the members who can reach resources of this type. */
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
   * member (an override), access-grant, role (an override of the organization), or default. The first two override
   * role, and role overrides default.
   */
  @Expose() level: LevelName;
  /** The role of a role or default rule; otherwise null. */
  @Expose() role: string | null;
  /** org, assigned, own, or none (a denial). */
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
  /** Seeing the resource and using the permission are separate steps. Each step needs one of its reasons. */
  @Expose() step: 'see' | 'do';
  /** Null when the step needs no permission. */
  @Expose() permission: string | null;
  @Expose() scope: string;
  /**
   * How the scope covers the resource: organization, assigned, own (the person is the member), or own-row (the row
   * belongs to the member).
   */
  @Expose() relation: string;
  @StaffOnly() @Type(() => RelatingAssignment) assignments: RelatingAssignment[];
  /** The rules that grant the permission; several when they agree. */
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
