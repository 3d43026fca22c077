import { Expose } from 'class-transformer';
import { IsEmail, IsIn, IsInt, IsString, IsUUID, Length, Matches, Max, MaxLength, Min } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';

export class OrganizationResponse {
  @Expose() id: string;
  @Expose() name: string;
  /** Vocabulary of the roles: gme, workforce or enrollment. */
  @Expose() preset: string;
  @StaffOnly() status: string;
  @StaffOnly() idleMinutes: number;
  @StaffOnly() sessionHours: number;
  @StaffOnly() requireSecondFactor: boolean;
  @StaffOnly() requireSso: boolean;
  @StaffOnly() createdAt: Date;
}

export class UpdateOrganizationDto {
  @MayBeAbsent() @IsString() @Length(1, 200)
  name?: string;

  /** Minutes without a request after which a session ends: 15, 30, or 10080 (seven days). */
  @MayBeAbsent() @IsIn([15, 30, 10_080])
  idleMinutes?: number;

  /** Hours after which a session ends whatever happens. */
  @MayBeAbsent() @IsInt() @Min(1) @Max(168)
  sessionHours?: number;
}

export class MembershipsQuery extends PageQuery {
  @MayBeAbsent() @IsIn(['active', 'ended'])
  status?: 'active' | 'ended';
}

export class CreateMembershipDto {
  @IsEmail() @MaxLength(254)
  email: string;

  @IsString() @Length(1, 200)
  name: string;

  @Matches(/^[a-z_]{1,40}$/)
  role: string;

  /** The record this member is the subject of, for roles that see only their own. */
  @MayBeAbsent() @IsUUID()
  personId?: string;
}

export class UpdateMembershipDto {
  @Matches(/^[a-z_]{1,40}$/)
  role: string;
}

export class MembershipResponse {
  @StaffOnly() id: string;
  @StaffOnly() userId: string;
  @StaffOnly() email: string;
  @Expose() name: string;
  @Expose() role: string;
  @StaffOnly() personId: string | null;
  @StaffOnly() status: string;
  @StaffOnly() createdAt: Date;
  @StaffOnly() endedAt: Date | null;
}
