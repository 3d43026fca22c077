import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { SsoSetupService } from './sso-setup.service.js';
import { SsoConnectionResponse } from './sso-connection.dto.js';
import { CreateSsoConnectionDto, UpdateSsoConnectionDto } from './sso.dto.js';

@Controller('v1/sso/connections')
export class SsoSetupController {
  constructor(private readonly setup: SsoSetupService) {}

  @Get()
  @Access('sso:read')
  @ResponseType(SsoConnectionResponse, { list: true })
  list() {
    return this.setup.list();
  }

  @Post()
  @Access('sso:create', { emits: ['sso.connection_created'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(SsoConnectionResponse, { status: 201 })
  create(@Body() body: CreateSsoConnectionDto) {
    return this.setup.create(body);
  }

  @Get(':id')
  @Access('sso:read')
  @ResponseType(SsoConnectionResponse)
  read(@Param('id', ParseUUIDPipe) id: string) {
    return this.setup.read(id);
  }

  @Patch(':id')
  @Access('sso:update', { emits: ['sso.connection_updated'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(SsoConnectionResponse)
  update(@Param('id', ParseUUIDPipe) id: string, @Body() body: UpdateSsoConnectionDto) {
    return this.setup.update(id, body);
  }

  @Delete(':id')
  @Access('sso:delete', { emits: ['sso.connection_deleted'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType.nothing()
  delete(@Param('id', ParseUUIDPipe) id: string) {
    return this.setup.delete(id);
  }
}
