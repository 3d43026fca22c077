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
  /** Where the scope comes from: default, role or member. */
  @StaffOnly() source: string;
}

export class RoleResponse {
  @Expose() key: string;
  @Expose() name: string;
  /** Made by the organization, rather than part of its preset. */
  @Expose() custom: boolean;
  /** For the subjects of records, whose answers leave out what is meant for staff. */
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
  /** What the role is called in requests: small letters and underscores. */
  @Matches(ROLE_KEY)
  key: string;

  @IsString()
  @Length(1, 100)
  name: string;

  /** For the subjects of records, whose answers leave out what is meant for staff. */
  @MayBeAbsent()
  @IsBoolean()
  portal?: boolean;

  /** A role whose grants it begins with; with none, if not given. */
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
