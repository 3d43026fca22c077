import { Expose, Type } from 'class-transformer';
import { IsUUID, Matches } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import type { LevelName } from './explain.repository.js';

export class WhoCanQuery extends PageQuery {
  /**
   * What kind of thing: assignment, delivery, export, membership, organization, person, session, sso-connection,
   * webhook-source.
   */
  @Matches(/^[a-z]{2,20}(-[a-z]{1,20}){0,2}$/)
  resource: string;

  /** Which one; without it, who can reach such things at all. */
  @MayBeAbsent()
  @IsUUID()
  id?: string;

  /** To do what; to see it, if not given. */
  @MayBeAbsent()
  @Matches(/^[a-z-]{2,40}:[a-z-]{2,40}$/)
  permission?: string;
}

export class PreviewQuery {
  @IsUUID()
  userId: string;
}

/** One thing that is said of a member's permission. */
export class LevelResponse {
  /**
   * member (an override), access-grant, role (an override of the organization), default; the first two outweigh the
   * third, that the last.
   */
  @Expose() level: LevelName;
  /** The role that a role or default says it of. */
  @Expose() role: string | null;
  /** org, assigned, own, or none: a denial. */
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
  /** To see a thing, and to do with it what the permission says, are steps; each needs one of its reasons. */
  @Expose() step: 'see' | 'do';
  /** Null where none is needed. */
  @Expose() permission: string | null;
  @Expose() scope: string;
  /**
   * What the scope reaches the thing by: organization, assigned, own (the person is the member), or own-row (the row is
   * the member's).
   */
  @Expose() relation: string;
  @StaffOnly() @Type(() => RelatingAssignment) assignments: RelatingAssignment[];
  /** What gives the permission; several where they say the same. */
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
