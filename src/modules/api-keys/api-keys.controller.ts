import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { ApiKeyResponse, ApiKeysQuery, CreateApiKeyDto, NewApiKeyResponse, RotateApiKeyDto } from './api-keys.dto.js';
import { ApiKeysService } from './api-keys.service.js';

@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  /** All of the organization for who may read them, else one's own: the rules of the table decide. */
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

  /** One's own, or any for who may revoke them: the rules of the table decide. */
  @Delete(':id')
  @Access('signed-in', { emits: ['api_key.revoked'], interactiveOnly: true })
  @ResponseType.nothing()
  revoke(@Param('id', ParseUUIDPipe) id: string) {
    return this.keys.revoke(id);
  }
}
