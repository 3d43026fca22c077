import { Body, Controller, Get, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access, Public } from '../../../platform/access/decorators.js';
import { assertNotFromElsewhere } from '../../../platform/http/csrf.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter } from '../../../platform/pages/index.js';
import { SessionCookies } from '../sessions/index.js';
import { SsoSignInService, SsoConnectionTests } from '../sso/index.js';
import { OidcLogoutService } from './oidc-logout.service.js';
import { BackchannelLogoutResponse, OidcLoginQuery } from './oidc.dto.js';
import { OidcService } from './oidc.service.js';

const LIMIT = { name: 'sso-address', points: 300, seconds: 300 };

/**
 * The OpenID Connect endpoints for the browser and the provider. Front-channel logout is not supported: browsers no
 * longer send the cookies that it needs.
 */
@Controller('v1/sso/oidc/:connectionId')
export class OidcController {
  constructor(
    private readonly oidc: OidcService,
    private readonly logout: OidcLogoutService,
    private readonly signIn: SsoSignInService,
    private readonly tests: SsoConnectionTests,
    private readonly cookies: SessionCookies,
  ) {}

  @Get('login')
  @Public('the user starts the sign-in here', { emits: ['auth.sign_in_failed'], limit: LIMIT })
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
    const { url, setCookie } = await this.oidc.startLogin(connectionId, login);
    response.append('Set-Cookie', setCookie);
    return { url };
  }

  @Get('callback')
  @Public('the provider redirects the browser here', {
    emits: [
      'auth.signed_in',
      'auth.sign_in_failed',
      'sso.member_provisioned',
      'sso.role_synced',
      'sso.identity_linked',
      'sso.profile_followed',
      'auth.organization_switched',
      'sso.connection_tested',
    ],
    limit: LIMIT,
  })
  @UseFilters(PageFilter)
  @ResponseType.redirect(303)
  async callback(
    @Param('connectionId') connectionId: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const verified = await this.oidc.verifyResponse(connectionId, request.query, request.headers.cookie);
    if (verified.intent?.testBy !== undefined) return { url: await this.tests.finish(verified) };
    const session = await this.signIn.open(verified);
    this.cookies.set(response, session.secret, session.expiresAt);
    return { url: verified.returnTo };
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
    const url = await this.logout.leave(connectionId);
    this.cookies.clear(response);
    return { url };
  }

  @Post('backchannel-logout')
  @Public('the provider sends a signed logout token', {
    emits: ['sso.sessions_ended'],
    limit: { name: 'sso-logout', points: 600, seconds: 300 },
    body: { format: 'form', maxBytes: 16 * 1024 },
    otherOrigins: 'the signature of the token authenticates the provider',
  })
  @ResponseType(BackchannelLogoutResponse)
  endByProvider(@Param('connectionId') connectionId: string, @Body() body: unknown) {
    return this.logout.endByProvider(connectionId, body);
  }
}
