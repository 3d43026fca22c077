import { Expose, Type } from 'class-transformer';
import { IsIn, IsString, Length } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { HeldScope } from './preview.dto.js';

export const DECISIONS = ['confirm', 'revoke'] as const;
export type Decision = (typeof DECISIONS)[number];
export type ItemKind = 'membership' | 'member-override' | 'role' | 'role-override';

export class ReviewItemsQuery extends PageQuery {
  /** Those decided in one way, or open ones. */
  @MayBeAbsent()
  @IsIn(['open', ...DECISIONS])
  decision?: 'open' | Decision;
}

export class DecideItemDto {
  /** revoke ends the membership, or removes the override or the role. */
  @IsIn(DECISIONS)
  decision: Decision;

  /** Why; kept with the decision. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 500)
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
  /** The access grant it comes from. */
  @Expose() id: string;
  @Expose() expiresAt: string;
}

/** What was found when the review began; which fields there are follows from the kind of the item. */
export class ItemSnapshot {
  /** Of a membership: member or support. */
  @Expose() kind?: string;
  @Expose() memberSince?: string;
  @Expose() lastUsedAt?: string | null;
  @StaffOnly() personId?: string | null;
  /** What it came to, all levels taken together. */
  @Expose() @Type(() => HeldScope) grants?: HeldScope[];
  @Expose() @Type(() => HeldScope) overrides?: HeldScope[];
  @Expose() @Type(() => TemporaryGrant) accessGrants?: TemporaryGrant[];
  /** Of an override: org, assigned, own or none. */
  @Expose() scope?: string;
  /** Of an override or role: since when it was as it was. */
  @Expose() since?: string;
  /** Of a role. */
  @Expose() name?: string;
  @Expose() portal?: boolean;
  /** Of a role or its override: how many held the role. */
  @Expose() members?: number;
}

export class ReviewItemResponse {
  @Expose() id: string;
  /** membership, member-override, role (of the organization's own) or role-override. */
  @Expose() kind: ItemKind;
  @StaffOnly() membershipId: string | null;
  /** Of the member, as they are called now. */
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
