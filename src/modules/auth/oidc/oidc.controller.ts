import { Body, Controller, Get, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access, Public } from '../../../platform/access/decorators.js';
import { currentContext } from '../../../platform/context/context.js';
import { assertNotFromElsewhere } from '../../../platform/http/csrf.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { allowFrame, PageFilter } from '../../../platform/pages/index.js';
import { SessionCookies } from '../sessions/index.js';
import { CALLBACK_EVENTS, LinkOffers, SignOutService, SSO_IP_RATE_LIMITS, SsoCallback } from '../sso/index.js';
import { OidcLogoutService } from './oidc-logout.service.js';
import { BackchannelLogoutResponse, OidcLoginQuery } from './oidc.dto.js';
import { OidcService } from './oidc.service.js';

/** The OpenID Connect endpoints for the browser and the provider. */
@Controller('v1/sso/oidc/:connectionId')
export class OidcController {
  constructor(
    private readonly oidc: OidcService,
    private readonly logout: OidcLogoutService,
    private readonly callbacks: SsoCallback,
    private readonly signOut: SignOutService,
    private readonly offers: LinkOffers,
    private readonly cookies: SessionCookies,
  ) {}

  @Get('login')
  @Public('the user starts the sign-in here', { emits: ['auth.sign_in_failed'], limit: SSO_IP_RATE_LIMITS.start })
  @ResponseType.redirect(302)
  async login(
    @Param('connectionId') connectionId: string,
    @Query() { returnTo, organization, forceAuthn, login_hint: loginHint }: OidcLoginQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const login = {
      cookieHeader: request.headers.cookie,
      returnTo,
      intent: { organization },
      forceAuthn: forceAuthn === 'true',
      loginHint,
    };
    await this.offers.end(request, response);
    const { url, setCookie } = await this.oidc.startLogin(connectionId, login);
    response.append('Set-Cookie', setCookie);
    return { url };
  }

  @Get('callback')
  @Public('the provider redirects the browser here', {
    emits: CALLBACK_EVENTS,
    limit: SSO_IP_RATE_LIMITS.answer,
  })
  @UseFilters(PageFilter)
  @ResponseType.redirect(303)
  async callback(
    @Param('connectionId') connectionId: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const verified = await this.oidc.verifyResponse(connectionId, request.query, request.headers.cookie);
    return this.callbacks.complete(verified, request, response);
  }

  @Get('logout')
  @Access('signed-in', { emits: ['auth.signed_out'], allowIncompleteSetup: true, interactiveOnly: true })
  @ResponseType.redirect(303)
  async leave(
    @Param('connectionId') connectionId: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    assertNotFromElsewhere(request);
    const { url, setCookies } = await this.signOut.signOut(request.headers.cookie, connectionId);
    this.cookies.clear(response, setCookies);
    return { url };
  }

  /** Ends sessions from a frame in the provider's logout page. The response is an empty page. */
  @Get('frontchannel-logout')
  @Public('ends only sessions whose unguessable id the request names, or the session of the requesting browser', {
    emits: ['sso.sessions_ended', 'auth.signed_out', 'sso.logout_rejected'],
    limit: SSO_IP_RATE_LIMITS.logoutFrame,
  })
  @ResponseType.text('text/html; charset=utf-8')
  async endByFrame(
    @Param('connectionId') connectionId: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    // another site can open this URL in the browser of a user, and must not end that session
    const isForeign = request.headers['sec-fetch-site'] === 'cross-site';
    const logout = { query: request.query, session: isForeign ? null : this.cookies.read(request) };
    const origins = await this.logout.endByFrame(connectionId, logout);
    allowFrame(response, `default-src 'none'; frame-ancestors ${origins.join(' ')}`);
    return '<!doctype html><title>Signed out</title>';
  }

  @Post('backchannel-logout')
  @Public('the provider sends a signed logout token', {
    emits: ['sso.sessions_ended', 'sso.logout_rejected'],
    limit: SSO_IP_RATE_LIMITS.logout,
    body: { format: 'form', maxBytes: 16 * 1024 },
    otherOrigins: 'the signature of the token authenticates the provider',
  })
  @ResponseType(BackchannelLogoutResponse)
  async endByProvider(@Param('connectionId') connectionId: string, @Body() body: unknown) {
    const ended = await this.logout.endByProvider(connectionId, body);
    await currentContext().uncount(); // the token was signed
    return ended;
  }
}
