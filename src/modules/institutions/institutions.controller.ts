import { Controller, Get } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { OrganizationStatistics } from './institutions.dto.js';
import { InstitutionsService } from './institutions.service.js';

@Controller('v1/institutions/current')
export class InstitutionsController {
  constructor(private readonly institutions: InstitutionsService) {}

  /** Returns statistics of the institution's organizations that consented to reporting. */
  @Get('report')
  @Access('institution:read-report', { emits: ['institution.report_viewed'] })
  @ResponseType(OrganizationStatistics, { list: true })
  report() {
    return this.institutions.report();
  }
}
