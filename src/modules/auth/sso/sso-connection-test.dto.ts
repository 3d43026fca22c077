import { Expose, Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, IsString, Length, ValidateNested } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';
import { IsRoleKey, MayBeAbsent } from '../../../platform/http/fields.js';
import { AttributeRole, GroupRole } from './sso.dto.js';

export class TestSignInResponse {
  /** The URL that the browser of this request must open. */
  @Expose() url: string;
  /** The page that starts a test in any browser of the caller. The test ends there. */
  @Expose() pageUrl: string;
}

/** The mapping rule that decided the role. */
export class RoleRuleResponse {
  /** `group`, `attribute`, or `default`. */
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

/** The result of a member's last test of a connection. */
export class TestResultResponse {
  @StaffOnly() at: Date;
  /** Whether the sign-in would have opened a session. */
  @StaffOnly() passed: boolean;
  @StaffOnly() reason: string | null;
  /** What to change at the provider or in the connection; null when there is nothing to change. */
  @StaffOnly() advice: string | null;
  @StaffOnly() email: string | null;
  @StaffOnly() name: string | null;
  @StaffOnly() groups: string[];
  @StaffOnly() @Type(() => AttributeValues) attributes: AttributeValues[];
  @StaffOnly() role: string | null;
  @StaffOnly() @Type(() => RoleRuleResponse) rule: RoleRuleResponse | null;
  /**
   * What to check before SSO is enforced: `email_missing`, `name_missing`, `groups_missing`, `default_role_applied`,
   * `email_domain_unverified`, `own_account_unused`, or `own_role_differs`.
   */
  @StaffOnly() warnings: string[];
}

/** An attempt to sign in through a connection. */
export class AttemptResponse {
  @StaffOnly() id: string;
  @StaffOnly() at: Date;
  @StaffOnly() accepted: boolean;
  /** The error code of a failed attempt; null otherwise. */
  @StaffOnly() reason: string | null;
  /** What to change at the provider or in the connection; null when there is nothing to change. */
  @StaffOnly() advice: string | null;
  @StaffOnly() issuer: string | null;
  @StaffOnly() nameIdFormat: string | null;
  /** The names of the received attributes. */
  @StaffOnly() attributes: string[];
  @StaffOnly() requestId: string;
  /** The provider's response, without signatures and keys. All values except the groups are masked. */
  @StaffOnly() diagnostics: string | null;
  /** Whether the attempt was a test sign-in. */
  @StaffOnly() test: boolean;
}

/** An example user. The optional fields replace the same fields of the connection's mapping. */
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
  @IsRoleKey()
  defaultRole?: string;
}

/** A member whose role would change at the next sign-in. */
export class ChangedMember {
  @StaffOnly() membershipId: string;
  @StaffOnly() name: string;
  @StaffOnly() from: string;
  /** The new role. Null when the sign-in would be rejected. */
  @StaffOnly() to: string | null;
}

export class MappingPreviewResponse {
  /** The role of the example user. Null when the sign-in would be rejected. */
  @StaffOnly() role: string | null;
  @StaffOnly() @Type(() => RoleRuleResponse) rule: RoleRuleResponse | null;
  /** The first hundred members whose role would change, based on their last sign-in. */
  @StaffOnly() @Type(() => ChangedMember) members: ChangedMember[];
  @StaffOnly() changing: number;
}
