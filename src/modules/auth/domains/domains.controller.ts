import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { AddDomainDto, DomainCheckResponse, DomainResponse } from './domains.dto.js';
import { DomainsService } from './domains.service.js';

@Controller('v1/sso/domains')
export class DomainsController {
  constructor(private readonly domains: DomainsService) {}

  @Get()
  @Access('sso:read')
  @ResponseType(DomainResponse, { list: true })
  list() {
    return this.domains.list();
  }

  @Post()
  @Access('sso:create', { emits: ['sso.domain_added'], stepUpMinutes: 30 })
  @ResponseType(DomainResponse, { status: 201 })
  add(@Body() { domain }: AddDomainDto) {
    return this.domains.add(domain);
  }

  /** Enqueues a DNS check and returns the result of a lookup by the API. */
  @Post(':id/verify')
  @Access('sso:update', {
    emits: ['sso.domain_check_requested'],
    limit: { name: 'sso-domain-verify', points: 60, seconds: 300 },
  })
  @ResponseType(DomainCheckResponse, { status: 202 })
  verify(@Param('id', ParseUUIDPipe) id: string) {
    return this.domains.verify(id);
  }

  @Delete(':id')
  @Access('sso:delete', { emits: ['sso.domain_removed'], stepUpMinutes: 30 })
  @ResponseType.nothing()
  remove(@Param('id', ParseUUIDPipe) id: string) {
    return this.domains.remove(id);
  }
}
