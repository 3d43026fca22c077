import { Expose, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsString, Length, Matches, MaxLength } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { IsOneLine, IsPlainText, MayBeAbsent } from '../../platform/http/fields.js';

export class PermissionResponse {
  @Expose() key: string;
  @Expose() category: string;
  @Expose() description: string;
}

export class GrantResponse {
  @Expose() permission: string;
  /** `org`, `assigned`, `own`, or `none`. */
  @Expose() scope: string;
  /** The source of the scope: `default`, `role`, or `member`. */
  @StaffOnly() source: string;
}

export class RoleResponse {
  @Expose() key: string;
  /** The name of the role in audit events: the key of a preset role, or a UUID for a custom role. */
  @StaffOnly() reference: string;
  @Expose() name: string;
  /** Whether the role is a custom role of the organization. If false, it is a role of the preset. */
  @Expose() custom: boolean;
  /** Whether the role is a portal role. Responses to members with a portal role omit staff-only fields. */
  @Expose() portal: boolean;
  @Expose() description: string;
  @StaffOnly() @Type(() => GrantResponse) grants: GrantResponse[];
}

const ROLE_KEY = /^(?=.{2,40}$)[a-z]+(_[a-z]+)*$/;

class RoleFields {
  @MayBeAbsent()
  @IsString()
  @MaxLength(500)
  @IsPlainText()
  description?: string;
}

export class CreateRoleDto extends RoleFields {
  /** The key of the role in requests: lowercase letters and underscores. */
  @Matches(ROLE_KEY)
  key: string;

  @IsString()
  @Length(1, 100)
  @IsOneLine()
  name: string;

  /** Whether the role is a portal role. Responses to members with a portal role omit staff-only fields. */
  @MayBeAbsent()
  @IsBoolean()
  portal?: boolean;

  /** The role whose grants to copy. Without it, the new role has no grants. */
  @MayBeAbsent()
  @Matches(ROLE_KEY)
  copyOf?: string;
}

export class UpdateRoleDto extends RoleFields {
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  name?: string;
}

export class SetScopeDto {
  @IsIn(['org', 'assigned', 'own', 'none'])
  scope: 'org' | 'assigned' | 'own' | 'none';
}
