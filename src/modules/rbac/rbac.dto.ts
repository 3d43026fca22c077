import { Expose, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsString, Length, Matches, MaxLength } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';

export class PermissionResponse {
  @Expose() key: string;
  @Expose() category: string;
  @Expose() description: string;
}

export class GrantResponse {
  @Expose() permission: string;
  /** org, assigned, own, or none. */
  @Expose() scope: string;
  /** The source of the scope: default, role or member. */
  @StaffOnly() source: string;
}

export class RoleResponse {
  @Expose() key: string;
  @Expose() name: string;
  /** A custom role of the organization, not a role of its preset. */
  @Expose() custom: boolean;
  /** A portal role. Its responses omit staff-only fields. */
  @Expose() portal: boolean;
  @Expose() description: string;
  @StaffOnly() @Type(() => GrantResponse) grants: GrantResponse[];
}

const ROLE_KEY = /^(?=.{2,40}$)[a-z]+(_[a-z]+)*$/;

class RoleFields {
  @MayBeAbsent()
  @IsString()
  @MaxLength(500)
  description?: string;
}

export class CreateRoleDto extends RoleFields {
  /** The key of the role in requests: lowercase letters and underscores. */
  @Matches(ROLE_KEY)
  key: string;

  @IsString()
  @Length(1, 100)
  name: string;

  /** A portal role. Its responses omit staff-only fields. */
  @MayBeAbsent()
  @IsBoolean()
  portal?: boolean;

  /** A role whose grants are copied. Default: no grants. */
  @MayBeAbsent()
  @Matches(ROLE_KEY)
  copyOf?: string;
}

export class UpdateRoleDto extends RoleFields {
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  name?: string;
}

export class SetScopeDto {
  @IsIn(['org', 'assigned', 'own', 'none'])
  scope: 'org' | 'assigned' | 'own' | 'none';
}
