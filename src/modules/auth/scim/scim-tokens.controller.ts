import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { CreateScimTokenDto, NewScimTokenResponse, ScimTokenResponse } from './scim-tokens.dto.js';
import { ScimTokensService } from './scim-tokens.service.js';

@Controller('v1/sso/connections/:id/scim-tokens')
export class ScimTokensController {
  constructor(private readonly tokens: ScimTokensService) {}

  @Get()
  @Access('sso:read')
  @ResponseType(ScimTokenResponse, { list: true })
  list(@Param('id', ParseUUIDPipe) id: string) {
    return this.tokens.list(id);
  }

  @Post()
  @Access('sso:update', { emits: ['scim.token_created'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(NewScimTokenResponse, { status: 201 })
  create(@Param('id', ParseUUIDPipe) id: string, @Body() body: CreateScimTokenDto) {
    return this.tokens.create(id, body);
  }

  @Delete(':tokenId')
  @Access('sso:update', { emits: ['scim.token_revoked'], interactiveOnly: true })
  @ResponseType.nothing()
  revoke(@Param('id', ParseUUIDPipe) id: string, @Param('tokenId', ParseUUIDPipe) tokenId: string) {
    return this.tokens.revoke(id, tokenId);
  }
}
