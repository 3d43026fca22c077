import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Put } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { Returns } from '../../platform/http/returns.js';
import { GrantResponse, PermissionResponse, RoleResponse, SetScopeDto } from './rbac.dto.js';
import { RbacService } from './rbac.service.js';

@Controller('v1')
export class RbacController {
  constructor(private readonly rbac: RbacService) {}

  @Get('permissions')
  @Access('permission:read')
  @Returns(PermissionResponse, { list: true })
  permissions() {
    return this.rbac.permissions();
  }

  @Get('roles')
  @Access('role:read')
  @Returns(RoleResponse, { list: true })
  roles() {
    return this.rbac.roles();
  }

  @Put('roles/:role/permissions/:permission')
  @Access('role:update', { emits: ['role.override_set'] })
  @Returns(GrantResponse)
  setRole(@Param('role') role: string, @Param('permission') permission: string, @Body() { scope }: SetScopeDto) {
    return this.rbac.setRole(role, permission, scope);
  }

  @Delete('roles/:role/permissions/:permission')
  @Access('role:update', { emits: ['role.override_removed'] })
  @Returns.nothing()
  removeRole(@Param('role') role: string, @Param('permission') permission: string) {
    return this.rbac.removeRole(role, permission);
  }

  @Put('memberships/:id/permissions/:permission')
  @Access('membership:override', { emits: ['membership.override_set'] })
  @Returns(GrantResponse)
  setMember(@Param('id', ParseUUIDPipe) id: string, @Param('permission') permission: string, @Body() { scope }: SetScopeDto) {
    return this.rbac.setMember(id, permission, scope);
  }

  @Delete('memberships/:id/permissions/:permission')
  @Access('membership:override', { emits: ['membership.override_removed'] })
  @Returns.nothing()
  removeMember(@Param('id', ParseUUIDPipe) id: string, @Param('permission') permission: string) {
    return this.rbac.removeMember(id, permission);
  }
}
