import { Expose, Type } from 'class-transformer';
import { IsIn } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';

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
  @Expose() description: string;
  @StaffOnly() @Type(() => GrantResponse) grants: GrantResponse[];
}

export class SetScopeDto {
  @IsIn(['org', 'assigned', 'own', 'none'])
  scope: 'org' | 'assigned' | 'own' | 'none';
}
