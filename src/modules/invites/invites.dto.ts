import { Expose } from 'class-transformer';
import { IsString, Length, MaxLength, MinLength } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { CreateMembershipDto } from '../tenancy/index.js';

/** The invitee and the role. The fields are the same as for a new membership. */
export class CreateInviteDto extends CreateMembershipDto {}

export class AcceptOwnInviteDto {
  /** The token from the URL fragment `#token=` of the mailed link. */
  @IsString()
  @Length(1, 2_000)
  token: string;
}

/** The form of the page. Its password field belongs to its other button. */
export class AcceptOwnInviteForm extends AcceptOwnInviteDto {
  @MayBeAbsent()
  @IsString()
  @MaxLength(1_000)
  password?: string;
}

export class AcceptInviteDto extends AcceptOwnInviteDto {
  /** 12 to 128 characters, with an upper-case letter, a lower-case letter, a digit, and a special character. */
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password: string;
}

export class InviteResponse {
  @Expose() id: string;
  @StaffOnly() email: string;
  @Expose() name: string;
  @Expose() role: string;
  @StaffOnly() personId: string | null;
  /** The membership that last sent the invite. */
  @StaffOnly() invitedBy: string;
  /** `pending`, `accepted`, `revoked`, or `expired`. */
  @Expose() status: string;
  @Expose() createdAt: Date;
  /** The time when the last mail was sent. */
  @Expose() sentAt: Date | null;
  @Expose() expiresAt: Date;
  @Expose() acceptedAt: Date | null;
  /** The membership that was created when the invitee accepted. */
  @StaffOnly() membershipId: string | null;
  @StaffOnly() revokedAt: Date | null;
}

export class AcceptedInviteResponse {
  @Expose() organizationId: string;
  @Expose() membershipId: string;
}
