import { Controller, Get, Param, ParseUUIDPipe, Query } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { GuideQuery, GuideResponse } from './setup-guide.dto.js';
import { SetupGuides } from './setup-guide.service.js';

@Controller('v1/sso/connections/:id')
export class SetupGuideController {
  constructor(private readonly guides: SetupGuides) {}

  /** Returns the values to enter at the identity provider. */
  @Get('guide')
  @Access('sso:read')
  @ResponseType(GuideResponse)
  guide(@Param('id', ParseUUIDPipe) id: string, @Query() { provider }: GuideQuery) {
    return this.guides.guide(id, provider);
  }
}
