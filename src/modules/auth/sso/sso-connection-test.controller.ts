import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { MappingPreview } from './mapping-preview.service.js';
import { SsoConnectionTests } from './sso-connection-tests.service.js';
import { SsoTrace } from './sso-trace.service.js';
import {
  AttemptResponse,
  MappingPreviewResponse,
  PreviewMappingDto,
  TestResultResponse,
  TestSignInResponse,
} from './sso-connection-test.dto.js';

/** Setting a connection up until it works, before anybody depends on it. */
@Controller('v1/sso/connections/:id')
export class SsoConnectionTestController {
  constructor(
    private readonly tests: SsoConnectionTests,
    private readonly trace: SsoTrace,
    private readonly mapping: MappingPreview,
  ) {}

  /** Begins a sign-in that opens no session; its answer is taken from this browser alone, and leads to the result. */
  @Post('test')
  @Access('sso:update', { emits: ['sso.test_started'], interactiveOnly: true })
  @ResponseType(TestSignInResponse, { status: 201 })
  async test(
    @Param('id', ParseUUIDPipe) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { url, setCookie } = await this.tests.begin(id, request.headers.cookie);
    response.append('Set-Cookie', setCookie);
    return { url };
  }

  /** What one's own last test showed. */
  @Get('test')
  @Access('sso:read', { interactiveOnly: true })
  @ResponseType(TestResultResponse)
  result(@Param('id', ParseUUIDPipe) id: string) {
    return this.trace.lastTest(id);
  }

  /** The last fifty attempts. */
  @Get('trace')
  @Access('sso:read')
  @ResponseType(AttemptResponse, { list: true })
  attempts(@Param('id', ParseUUIDPipe) id: string) {
    return this.trace.list(id);
  }

  /** What role somebody would get, and which members' roles would change. */
  @Post('mapping/preview')
  @Access('sso:update', { emits: ['sso.mapping_previewed'] })
  @ResponseType(MappingPreviewResponse)
  preview(@Param('id', ParseUUIDPipe) id: string, @Body() body: PreviewMappingDto) {
    return this.mapping.preview(id, body);
  }
}
