import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { MappingPreview } from './mapping-preview.service.js';
import { SsoConnectionTests } from './sso-connection-tests.service.js';
import { SsoTestReport } from './sso-test-report.service.js';
import { SsoTrace } from './sso-trace.service.js';
import {
  AttemptResponse,
  MappingPreviewResponse,
  PreviewMappingDto,
  TestResultResponse,
  TestSignInResponse,
} from './sso-connection-test.dto.js';

/** Lets an administrator test a connection before members use it. */
@Controller('v1/sso/connections/:id')
export class SsoConnectionTestController {
  constructor(
    private readonly tests: SsoConnectionTests,
    private readonly report: SsoTestReport,
    private readonly trace: SsoTrace,
    private readonly mapping: MappingPreview,
  ) {}

  /**
   * Starts a sign-in that opens no session. Only the browser that sends this request can complete it. The page at
   * `pageUrl` starts a test in any browser of the caller, and shows the result.
   */
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
    return { url, pageUrl: this.tests.pageUrl(id) };
  }

  /** Returns the result of the caller's last test. */
  @Get('test')
  @Access('sso:read', { interactiveOnly: true })
  @ResponseType(TestResultResponse)
  result(@Param('id', ParseUUIDPipe) id: string) {
    return this.report.lastTest(id);
  }

  /** Returns the last 50 attempts. */
  @Get('trace')
  @Access('sso:read')
  @ResponseType(AttemptResponse, { list: true })
  attempts(@Param('id', ParseUUIDPipe) id: string) {
    return this.trace.list(id);
  }

  /** Returns the role that an example user would get, and the members whose role would change. */
  @Post('mapping/preview')
  @Access('sso:update', { emits: ['sso.mapping_previewed'] })
  @ResponseType(MappingPreviewResponse)
  preview(@Param('id', ParseUUIDPipe) id: string, @Body() body: PreviewMappingDto) {
    return this.mapping.preview(id, body);
  }
}
