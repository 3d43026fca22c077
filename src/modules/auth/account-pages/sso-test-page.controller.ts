import { Controller, Get, Param, ParseUUIDPipe, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import { PAGE_FORM } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter } from '../../../platform/pages/index.js';
import { SsoConnectionTests } from '../sso/index.js';
import { continuePage } from './continue.views.js';
import { SsoTestPages } from './sso-test-pages.service.js';

const PAGE = 'text/html; charset=utf-8';

/** The page that tests a connection in any browser of an administrator, and then offers to enforce SSO. */
@Controller('sso-test/:connectionId')
@UseFilters(PageFilter)
export class SsoTestPageController {
  constructor(
    private readonly pages: SsoTestPages,
    private readonly tests: SsoConnectionTests,
  ) {}

  @Get()
  @Access('sso:update', { interactiveOnly: true })
  @ResponseType.text(PAGE)
  show(@Param('connectionId', ParseUUIDPipe) id: string) {
    return this.pages.show(id);
  }

  @Post('start')
  @Access('sso:update', { emits: ['sso.test_started'], body: PAGE_FORM, interactiveOnly: true })
  @ResponseType.text(PAGE)
  async start(
    @Param('connectionId', ParseUUIDPipe) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { url, setCookie } = await this.tests.begin(id, request.headers.cookie);
    response.append('Set-Cookie', setCookie);
    return continuePage('Test the connection', 'The test continues at the identity provider.', url);
  }

  @Post('enforce')
  @Access('organization:update-sign-in', {
    emits: ['organization.sign_in_policy_updated'],
    body: PAGE_FORM,
    interactiveOnly: true,
    stepUpMinutes: 15,
  })
  @ResponseType.text(PAGE)
  enforce(@Param('connectionId', ParseUUIDPipe) id: string) {
    return this.pages.enforce(id);
  }
}
