import { Expose, Type } from 'class-transformer';
import { IsIn, IsString, Length } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { IsPlainText, MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { HeldScope } from './preview.dto.js';

export const DECISIONS = ['confirm', 'revoke'] as const;
export type Decision = (typeof DECISIONS)[number];
export type ItemKind = 'membership' | 'member-override' | 'role' | 'role-override';

export class ReviewItemsQuery extends PageQuery {
  /** Returns only items with this decision; `open` returns only undecided items. */
  @MayBeAbsent()
  @IsIn(['open', ...DECISIONS])
  decision?: 'open' | Decision;
}

export class DecideItemDto {
  /** confirm keeps the access. revoke ends the membership, removes the override, or deletes the role of the item. */
  @IsIn(DECISIONS)
  decision: Decision;

  /** The reason, stored with the decision. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 500)
  @IsPlainText()
  note?: string;
}

export class ReviewResponse {
  @Expose() id: string;
  @StaffOnly() startedBy: string | null;
  @Expose() createdAt: Date;
  @StaffOnly() completedBy: string | null;
  @Expose() completedAt: Date | null;
  @Expose() items: number;
  @Expose() open: number;
  @Expose() confirmed: number;
  @Expose() revoked: number;
}

export class TemporaryGrant extends HeldScope {
  /** The id of the access grant that gives the permission. */
  @Expose() id: string;
  @Expose() expiresAt: string;
}

/** The state of the item at the start of the review. The fields depend on the kind of the item. */
export class ItemSnapshot {
  /** For a membership: member or support. */
  @Expose() kind?: string;
  @Expose() memberSince?: string;
  @Expose() lastUsedAt?: string | null;
  @StaffOnly() personId?: string | null;
  /** The grants in effect: the result of role defaults, overrides, and access grants. */
  @Expose() @Type(() => HeldScope) grants?: HeldScope[];
  @Expose() @Type(() => HeldScope) overrides?: HeldScope[];
  @Expose() @Type(() => TemporaryGrant) accessGrants?: TemporaryGrant[];
  /** For an override: org, assigned, own, or none. */
  @Expose() scope?: string;
  /** For an override: when it was last set. For a role: when it was created. */
  @Expose() since?: string;
  /** For a role: its name. */
  @Expose() name?: string;
  /** For a role: true if it is a portal role. */
  @Expose() portal?: boolean;
  /** For a role or a role override: the number of members with the role. */
  @Expose() members?: number;
}

export class ReviewItemResponse {
  @Expose() id: string;
  /** What the item is about: membership, member-override, role (a custom role), or role-override. */
  @Expose() kind: ItemKind;
  @StaffOnly() membershipId: string | null;
  /** The current name of the member. */
  @StaffOnly() name: string | null;
  @StaffOnly() email: string | null;
  @Expose() role: string | null;
  @Expose() permission: string | null;
  @StaffOnly() @Type(() => ItemSnapshot) snapshot: ItemSnapshot;
  @Expose() decision: Decision | null;
  @StaffOnly() decidedBy: string | null;
  @Expose() decidedAt: Date | null;
  @StaffOnly() note: string | null;
}
