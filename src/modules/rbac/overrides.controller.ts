import { Body, Controller, Delete, Param, ParseUUIDPipe, Put } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { GrantResponse, SetScopeDto } from './rbac.dto.js';
import { OverridesService } from './overrides.service.js';

@Controller('v1')
export class OverridesController {
  constructor(private readonly overrides: OverridesService) {}

  /** Grants a permission to a role, or denies it by the scope "none". The caller must hold the permission. */
  @Put('roles/:role/permissions/:permission')
  @Access('role:update', { emits: ['role.override_set'], stepUpMinutes: 30 })
  @ResponseType(GrantResponse)
  setRole(@Param('role') role: string, @Param('permission') permission: string, @Body() { scope }: SetScopeDto) {
    return this.overrides.setRole(role, permission, scope);
  }

  /** Removes the override, so that the default of the role applies again. */
  @Delete('roles/:role/permissions/:permission')
  @Access('role:update', { emits: ['role.override_removed'], stepUpMinutes: 30 })
  @ResponseType.nothing()
  removeRole(@Param('role') role: string, @Param('permission') permission: string) {
    return this.overrides.removeRole(role, permission);
  }

  /** Grants a permission to one member, or denies it. The override takes precedence over the role. */
  @Put('memberships/:id/permissions/:permission')
  @Access('membership:override', { emits: ['membership.override_set'], stepUpMinutes: 30 })
  @ResponseType(GrantResponse)
  setMember(
    @Param('id', ParseUUIDPipe) id: string,
    @Param('permission') permission: string,
    @Body() { scope }: SetScopeDto,
  ) {
    return this.overrides.setMember(id, permission, scope);
  }

  /** Removes the override, so that the grants of the role apply again. */
  @Delete('memberships/:id/permissions/:permission')
  @Access('membership:override', { emits: ['membership.override_removed'], stepUpMinutes: 30 })
  @ResponseType.nothing()
  removeMember(@Param('id', ParseUUIDPipe) id: string, @Param('permission') permission: string) {
    return this.overrides.removeMember(id, permission);
  }
}
