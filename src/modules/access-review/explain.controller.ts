import { Controller, Get, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { PreviewQuery, WhoCanQuery, WhoCanResponse } from './explain.dto.js';
import { ExplainService } from './explain.service.js';
import { PreviewResponse } from './preview.dto.js';
import { PreviewService } from './preview.service.js';

@Controller('v1/access')
export class ExplainController {
  constructor(
    private readonly explained: ExplainService,
    private readonly previews: PreviewService,
  ) {}

  /** Returns every active member who can currently reach a resource, with the reasons. */
  @Get('who-can')
  @Access('access:explain', { emits: ['access.explained'] })
  @ResponseType(WhoCanResponse, { list: true })
  whoCan(@Query() query: WhoCanQuery) {
    return this.explained.whoCan(query);
  }

  /** Returns what a user can see and do in this organization. */
  @Get('preview')
  @Access('access:preview', { emits: ['access.previewed'] })
  @ResponseType(PreviewResponse)
  preview(@Query() { userId }: PreviewQuery) {
    return this.previews.preview(userId);
  }
}
