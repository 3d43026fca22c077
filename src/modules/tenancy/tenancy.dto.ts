import { Expose } from 'class-transformer';
import { IsEmail, IsIn, IsString, IsUUID, Length, Matches, MaxLength } from 'class-validator';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';

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
  @Expose() id: string;
  @Expose() userId: string;
  @Expose() email: string;
  @Expose() name: string;
  @Expose() role: string;
  @Expose() personId: string | null;
  @Expose() status: string;
  @Expose() createdAt: Date;
  @Expose() endedAt: Date | null;
}
