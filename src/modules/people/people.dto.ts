import { ApiPropertyOptional } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Matches, Max, MaxLength, Min } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { IsInstant, IsOneLine, IsPastDay, IsPlainText, MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { IsMailAddress } from '../../platform/mail/index.js';
import { KINDS, STATUSES, type Kind, type Status } from './person.js';

const DATE = /^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** The fields of a person. An absent field stays unchanged. Null clears a field. */
class PersonFields {
  /** The partner's id of the person. It is unique in the organization. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  externalId?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(200)
  @IsOneLine()
  title?: string | null;

  /** National Provider Identifier, ten digits. */
  @IsOptional()
  @Matches(/^\d{10}$/, { message: 'must be ten digits' })
  npi?: string | null;

  @IsOptional()
  @ApiPropertyOptional({ format: 'email', maxLength: 254 })
  @IsMailAddress()
  email?: string | null;

  @IsOptional()
  @Matches(/^\+?[\d ().-]{5,30}$/, { message: 'must be a telephone number' })
  phone?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(500)
  @IsPlainText()
  address?: string | null;

  /** The date as YYYY-MM-DD. */
  @IsOptional()
  @Matches(DATE, { message: 'must be a date as YYYY-MM-DD' })
  @IsPastDay()
  dateOfBirth?: string | null;

  /** Nine digits, with or without dashes. */
  @IsOptional()
  @Matches(/^\d{3}-?\d{2}-?\d{4}$/, { message: 'must be nine digits' })
  ssn?: string | null;
}

export class CreatePersonDto extends PersonFields {
  @IsIn(KINDS)
  kind: Kind;

  @IsString()
  @Length(1, 100)
  @IsOneLine()
  givenName: string;

  @IsString()
  @Length(1, 100)
  @IsOneLine()
  familyName: string;
}

export class UpdatePersonDto extends PersonFields {
  @MayBeAbsent()
  @IsIn(KINDS)
  kind?: Kind;

  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  givenName?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  familyName?: string;

  @MayBeAbsent()
  @IsIn(STATUSES)
  status?: Status;

  /** The version that the caller read. If the record has a newer version, the API rejects the update. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  version?: number;
}

export class PeopleQuery extends PageQuery {
  @MayBeAbsent()
  @IsIn(KINDS)
  kind?: Kind;

  @MayBeAbsent()
  @IsIn(STATUSES)
  status?: Status;

  /** Exact e-mail address. */
  @MayBeAbsent()
  @ApiPropertyOptional({ format: 'email', maxLength: 254 })
  @IsMailAddress()
  email?: string;

  /** Exact National Provider Identifier. */
  @MayBeAbsent()
  @Matches(/^\d{10}$/, { message: 'must be ten digits' })
  npi?: string;
}

export class PersonSummary {
  @Expose() id: string;
  @StaffOnly() externalId: string | null;
  @Expose() kind: Kind;
  @Expose() givenName: string;
  @Expose() familyName: string;
  @Expose() title: string | null;
  @Expose() npi: string | null;
  @Expose() status: Status;
  @Expose() updatedAt: Date;
}

export class PersonResponse extends PersonSummary {
  /** Whether the field has a value. Only the contact unlock returns the value. */
  @Expose() hasEmail: boolean;
  @Expose() hasPhone: boolean;
  @Expose() hasAddress: boolean;
  /** `***-**-1234` */
  @Expose() ssn: string | null;
  /** The year. The month and the day are masked. */
  @Expose() dateOfBirth: string | null;
  @StaffOnly() version: number;
  @Expose() createdAt: Date;
}

export class ContactResponse {
  @Expose() id: string;
  @Expose() email: string | null;
  @Expose() phone: string | null;
  @Expose() address: string | null;
}

export class CreateAssignmentDto {
  @IsUUID()
  personId: string;

  @IsUUID()
  membershipId: string;

  /** Start of the assignment. Default: now. */
  @MayBeAbsent()
  @IsInstant()
  startsAt?: string;

  @MayBeAbsent()
  @IsInstant()
  endsAt?: string;
}

export class AssignmentsQuery extends PageQuery {
  @MayBeAbsent()
  @IsUUID()
  personId?: string;

  @MayBeAbsent()
  @IsUUID()
  membershipId?: string;
}

export class AssignmentResponse {
  @StaffOnly() id: string;
  @Expose() personId: string;
  @StaffOnly() membershipId: string;
  @Expose() @Type(() => Date) startsAt: Date;
  @Expose() @Type(() => Date) endsAt: Date | null;
}
