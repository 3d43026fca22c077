import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { ApiKeyResponse, ApiKeysQuery, CreateApiKeyDto, NewApiKeyResponse, RotateApiKeyDto } from './api-keys.dto.js';
import { ApiKeysService } from './api-keys.service.js';

@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  /** Lists all keys for callers who may read them, otherwise the caller's own. The row policies decide. */
  @Get()
  @Access('signed-in')
  @ResponseType(ApiKeyResponse, { list: true })
  list(@Query() query: ApiKeysQuery) {
    return this.keys.list(query);
  }

  @Post()
  @Access('api-key:create', { emits: ['api_key.created'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(NewApiKeyResponse, { status: 201 })
  create(@Body() body: CreateApiKeyDto) {
    return this.keys.create(body);
  }

  @Post(':id/rotate')
  @Access('api-key:rotate', { emits: ['api_key.rotated'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(NewApiKeyResponse, { status: 201 })
  rotate(@Param('id', ParseUUIDPipe) id: string, @Body() body: RotateApiKeyDto) {
    return this.keys.rotate(id, body);
  }

  /** Revokes a key of the caller, or any key for callers who may revoke them. The row policies decide. */
  @Delete(':id')
  @Access('signed-in', { emits: ['api_key.revoked'], interactiveOnly: true })
  @ResponseType.nothing()
  revoke(@Param('id', ParseUUIDPipe) id: string) {
    return this.keys.revoke(id);
  }
}
