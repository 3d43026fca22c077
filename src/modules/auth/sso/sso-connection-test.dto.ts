import { Expose, Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, IsString, Length, Matches, ValidateNested } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';
import { MayBeAbsent } from '../../../platform/http/fields.js';
import { AttributeRole, GroupRole } from './sso.dto.js';

/** Where to go with the browser that asked. */
export class TestSignInResponse {
  @Expose() url: string;
}

/** The rule that a role came from. */
export class RoleRuleResponse {
  /** group, attribute or default. */
  @Expose() kind: string;
  @Expose() group?: string;
  @Expose() attribute?: string;
  @Expose() value?: string;
  @Expose() role: string;
}

/** An attribute with its values. */
export class AttributeValues {
  @IsString()
  @Length(1, 256)
  @Expose()
  name: string;

  @IsArray()
  @ArrayMaxSize(200)
  @IsString({ each: true })
  @Length(0, 1024, { each: true })
  @Expose()
  values: string[];
}

/** What somebody saw when they last tried a connection. */
export class TestResultResponse {
  @StaffOnly() at: Date;
  /** Whether it would have opened a session. */
  @StaffOnly() passed: boolean;
  @StaffOnly() reason: string | null;
  @StaffOnly() email: string | null;
  @StaffOnly() name: string | null;
  @StaffOnly() groups: string[];
  @StaffOnly() @Type(() => AttributeValues) attributes: AttributeValues[];
  @StaffOnly() role: string | null;
  @StaffOnly() @Type(() => RoleRuleResponse) rule: RoleRuleResponse | null;
}

/** An attempt to sign in through a connection. */
export class AttemptResponse {
  @StaffOnly() id: string;
  @StaffOnly() at: Date;
  @StaffOnly() accepted: boolean;
  /** Why not: a code. */
  @StaffOnly() reason: string | null;
  @StaffOnly() issuer: string | null;
  @StaffOnly() nameIdFormat: string | null;
  /** Names of the attributes that arrived. */
  @StaffOnly() attributes: string[];
  @StaffOnly() requestId: string;
  /** The answer, with all values masked but those of groups, without signatures and keys. */
  @StaffOnly() diagnostics: string | null;
  /** Whether it was somebody's test. */
  @StaffOnly() test: boolean;
}

/** Somebody made up, and perhaps another mapping than the connection's. */
export class PreviewMappingDto {
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @Length(1, 256, { each: true })
  groups: string[];

  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => AttributeValues)
  attributes?: AttributeValues[];

  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => GroupRole)
  groupRoles?: GroupRole[];

  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => AttributeRole)
  attributeRoles?: AttributeRole[];

  @MayBeAbsent()
  @Matches(/^[a-z_]{1,40}$/)
  defaultRole?: string;
}

/** A member whose role another mapping would change at the next sign-in. */
export class ChangedMember {
  @StaffOnly() membershipId: string;
  @StaffOnly() name: string;
  @StaffOnly() from: string;
  /** Null for somebody who would be refused. */
  @StaffOnly() to: string | null;
}

export class MappingPreviewResponse {
  /** Null when they would be refused. */
  @StaffOnly() role: string | null;
  @StaffOnly() @Type(() => RoleRuleResponse) rule: RoleRuleResponse | null;
  /** The first hundred whose role would change, by what was last heard of them. */
  @StaffOnly() @Type(() => ChangedMember) members: ChangedMember[];
  @StaffOnly() changing: number;
}
