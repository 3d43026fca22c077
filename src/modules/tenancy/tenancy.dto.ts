import { ApiProperty } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import { IsIn, IsString, IsUUID, Length } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { IsOneLine, IsRoleKey, MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { IsMailAddress } from '../../platform/mail/index.js';

export class MembershipsQuery extends PageQuery {
  @MayBeAbsent()
  @IsIn(['active', 'ended'])
  status?: 'active' | 'ended';
}

export class CreateMembershipDto {
  @ApiProperty({ format: 'email', maxLength: 254 })
  @IsMailAddress()
  email: string;

  /** The member's name in the organization. */
  @IsString()
  @Length(1, 200)
  @IsOneLine()
  name: string;

  @IsRoleKey()
  role: string;

  /** The person record of the member. The scope "own" covers this record. */
  @MayBeAbsent()
  @IsUUID()
  personId?: string;
}

export class UpdateMembershipDto {
  @IsRoleKey()
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
