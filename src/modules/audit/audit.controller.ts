import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { AuditEventResponse, AuditQuery, EventTypeResponse } from './audit.dto.js';
import { AuditService } from './audit.service.js';

@ApiTags('Audit')
@Controller('v1/audit')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  /** Returns the organization's audit events, newest first. */
  @Get()
  @Access('audit:read', { emits: ['audit.read'] })
  @ResponseType(AuditEventResponse, { list: true })
  search(@Query() query: AuditQuery) {
    return this.audit.search(query);
  }

  /** Lists every event type with its meaning. */
  @Get('event-types')
  @Access('audit:read')
  @ResponseType(EventTypeResponse, { list: true })
  eventTypes() {
    return this.audit.eventTypes();
  }
}
