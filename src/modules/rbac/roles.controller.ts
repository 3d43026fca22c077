import { Body, Controller, Delete, Get, Param, Patch, Post } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { CreateRoleDto, PermissionResponse, RoleResponse, UpdateRoleDto } from './rbac.dto.js';
import { RolesService } from './roles.service.js';

@Controller('v1')
export class RolesController {
  constructor(private readonly roles: RolesService) {}

  /** Lists all permissions. */
  @Get('permissions')
  @Access('permission:read')
  @ResponseType(PermissionResponse, { list: true })
  permissions() {
    return this.roles.permissions();
  }

  /** Lists the organization's roles and their grants. */
  @Get('roles')
  @Access('role:read')
  @ResponseType(RoleResponse, { list: true })
  list() {
    return this.roles.list();
  }

  /** Creates a custom role, without grants or with the grants of another role. */
  @Post('roles')
  @Access('role:create', { emits: ['role.created'], stepUpMinutes: 30 })
  @ResponseType(RoleResponse, { status: 201 })
  create(@Body() body: CreateRoleDto) {
    return this.roles.create(body);
  }

  @Patch('roles/:role')
  @Access('role:update', { emits: ['role.updated'], stepUpMinutes: 30 })
  @ResponseType(RoleResponse)
  update(@Param('role') role: string, @Body() body: UpdateRoleDto) {
    return this.roles.update(role, body);
  }

  /** Deletes a custom role that no member holds. */
  @Delete('roles/:role')
  @Access('role:delete', { emits: ['role.deleted'], stepUpMinutes: 30 })
  @ResponseType.nothing()
  delete(@Param('role') role: string) {
    return this.roles.delete(role);
  }
}
