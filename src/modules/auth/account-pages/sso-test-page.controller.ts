import { Controller, Get, Param, ParseUUIDPipe, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import { PAGE_FORM } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter } from '../../../platform/pages/index.js';
import { SsoConnectionTests } from '../sso/index.js';
import { SsoTestPages } from './sso-test-pages.service.js';

const PAGE = 'text/html; charset=utf-8';

/**
 * The policy of the page. It has no `form-action`, because browsers also apply that rule to the redirect to the
 * identity provider. The page contains the application's own forms only.
 */
const POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'";

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
  async show(@Param('connectionId', ParseUUIDPipe) id: string, @Res({ passthrough: true }) response: Response) {
    const page = await this.pages.show(id);
    response.setHeader('Content-Security-Policy', POLICY); // not for the page of a problem
    return page;
  }

  @Post('start')
  @Access('sso:update', { emits: ['sso.test_started'], body: PAGE_FORM, interactiveOnly: true })
  @ResponseType.redirect(303)
  async start(
    @Param('connectionId', ParseUUIDPipe) id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { url, setCookie } = await this.tests.begin(id, request.headers.cookie);
    response.append('Set-Cookie', setCookie);
    return { url };
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
