import { Controller, Get, Param, Post, Query, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter } from '../../../platform/pages/index.js';
import { CALLBACK_EVENTS, LinkOffers, LoginQuery, SSO_IP_RATE_LIMITS, SsoCallback } from '../sso/index.js';
import { FORM_PAGE_POLICY } from './form-page.js';
import { REFRESH_EVENTS, SAML_FORM } from './saml-form.js';
import { SamlResponseGuard, type SamlRequest } from './saml-response.guard.js';
import { SamlService } from './saml.service.js';

/** The SAML 2.0 endpoints for the browser and the identity provider (saml-bindings-2.0-os). */
@Controller('v1/sso/saml/:connectionId')
export class SamlController {
  constructor(
    private readonly saml: SamlService,
    private readonly callback: SsoCallback,
    private readonly offers: LinkOffers,
  ) {}

  @Get('metadata')
  @Public('the identity provider reads the metadata')
  @ResponseType.text('application/samlmetadata+xml')
  metadata(@Param('connectionId') connectionId: string) {
    return this.saml.metadata(connectionId);
  }

  @Get('login')
  @Public('the user starts the sign-in here', { limit: SSO_IP_RATE_LIMITS.start })
  @ResponseType.redirect(302)
  async login(
    @Param('connectionId') connectionId: string,
    @Query() { returnTo, organization, forceAuthn }: LoginQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    await this.offers.end(request, response);
    const { url, setCookie } = await this.saml.startLogin(connectionId, {
      cookieHeader: request.headers.cookie,
      returnTo,
      intent: { organization },
      forceAuthn: forceAuthn === 'true',
    });
    response.append('Set-Cookie', setCookie);
    return { url };
  }

  @Get('form')
  @Public('a one-time ticket and a browser cookie protect the page', { limit: SSO_IP_RATE_LIMITS.start })
  @ResponseType.text('text/html; charset=utf-8')
  async form(
    @Query('ticket') ticket: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const page = await this.saml.form(String(ticket), request.headers.cookie);
    response.setHeader('Content-Security-Policy', FORM_PAGE_POLICY); // not for the page of a problem
    return page;
  }

  @Post('acs')
  @Public("the browser posts the identity provider's signed response", {
    emits: [...CALLBACK_EVENTS, ...REFRESH_EVENTS],
    limit: SSO_IP_RATE_LIMITS.answer,
    body: SAML_FORM,
    otherOrigins: 'the page of the identity provider posts the response, and its signature is verified',
  })
  @UseGuards(SamlResponseGuard)
  @UseFilters(PageFilter)
  @ResponseType.redirect(303)
  acs(@Req() request: Request & SamlRequest, @Res({ passthrough: true }) response: Response) {
    return this.callback.complete(request.verifiedIdentity, request, response);
  }
}
