import { Expose, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsUUID, Max, Min } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';
import { MayBeAbsent } from '../../../platform/http/fields.js';
import type { MoveRule } from './identities.repository.js';

/** An identity of a member at an identity provider. */
export class IdentityResponse {
  @Expose() id: string;
  @Expose() connectionId: string;
  /** The name of the connection. */
  @Expose() connection: string;
  /** `saml` or `oidc`. */
  @Expose() protocol: string;
  /** The provider's permanent identifier of the user: a JSON list. */
  @Expose() subject: string;
  /** The name and e-mail address that the provider sent at the last sign-in; null if it sent none. */
  @Expose() providerName: string | null;
  @Expose() providerEmail: string | null;
  /** Whether the provider sent another name or e-mail address than the account has. */
  @Expose() differs: boolean;
  @Expose() createdAt: Date;
  @Expose() lastSignInAt: Date;
}

export class RemoveIdentityQuery {
  /** Removes the identity even if the member can then no longer sign in. */
  @MayBeAbsent()
  @IsIn(['true', 'false'])
  allowLockout?: 'true' | 'false';
}

/** Which members a move concerns. */
export class PreviewIdentityMoveDto {
  /** The connection that has the identities now. */
  @IsUUID()
  fromConnectionId: string;

  /**
   * What the new provider must send to get the account of a member. `subject`: the same permanent identifier. `email`:
   * the e-mail address of the member, if the organization has verified its domain and the address is confirmed.
   */
  @IsIn(['subject', 'email'])
  matchBy: MoveRule;
}

export class MoveIdentitiesDto extends PreviewIdentityMoveDto {
  /** The days after which the move ends. */
  @IsInt()
  @Min(1)
  @Max(90)
  days: number;

  /**
   * Also gives the account to a member who loses a permission by the new role. Default: false. Such a member must prove
   * the account. A member who would get another permission always must.
   */
  @MayBeAbsent()
  @IsBoolean()
  allowLowerRole?: boolean;
}

/** A member whom a move concerns. */
export class MovableMemberResponse {
  @StaffOnly() membershipId: string;
  @StaffOnly() name: string;
  @StaffOnly() role: string;
  /** The role by the mapping of the new connection, for the groups of the last sign-in. Null without a role. */
  @StaffOnly() newRole: string | null;
  /**
   * `moves`: the member's next sign-in gets the account. `lower_role`: only if lower roles are allowed. `higher_role`
   * and `no_role`: never. `not_active`, `already_linked`, `email_not_confirmed`, `ambiguous`: not part of the move.
   */
  @StaffOnly() result: string;
}

/** How many members a move concerns, by result. */
export class MoveCounts {
  @StaffOnly() moves: number;
  @StaffOnly() lower_role: number;
  @StaffOnly() higher_role: number;
  @StaffOnly() no_role: number;
  @StaffOnly() not_active: number;
  @StaffOnly() already_linked: number;
  @StaffOnly() email_not_confirmed: number;
  @StaffOnly() ambiguous: number;
}

export class IdentityMovePreviewResponse {
  @StaffOnly() @Type(() => MoveCounts) counts: MoveCounts;
  /** The first hundred members, those with a conflict first. */
  @StaffOnly() @Type(() => MovableMemberResponse) members: MovableMemberResponse[];
}

/** The move to a connection. */
export class IdentityMoveResponse {
  /** The members who have not used the move. */
  @StaffOnly() waiting: number;
  /** `subject` or `email`; null without a move. */
  @StaffOnly() matchBy: string | null;
  @StaffOnly() allowLowerRole: boolean | null;
  @StaffOnly() expiresAt: Date | null;
}
