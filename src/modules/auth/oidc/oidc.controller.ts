import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access, Public } from '../../../platform/access/decorators.js';
import { assertNotFromElsewhere } from '../../../platform/http/csrf.js';
import { Returns } from '../../../platform/http/returns.js';
import { SessionCookies } from '../sessions/index.js';
import { SsoSignInService, SsoTests } from '../sso/index.js';
import { OidcLogoutService } from './oidc-logout.service.js';
import { BackchannelLogoutResponse, OidcDepartQuery } from './oidc.dto.js';
import { OidcService } from './oidc.service.js';

const LIMIT = { name: 'sso-address', points: 300, seconds: 300 };

/**
 * OpenID Connect as the browser and the provider see it. Front-channel logout is not offered: browsers no longer send
 * cookies that way.
 */
@Controller('v1/sso/oidc/:connectionId')
export class OidcController {
  constructor(
    private readonly oidc: OidcService,
    private readonly logout: OidcLogoutService,
    private readonly signIn: SsoSignInService,
    private readonly tests: SsoTests,
    private readonly cookies: SessionCookies,
  ) {}

  @Get('login')
  @Public('this is where people begin to sign in', { emits: ['auth.sign_in_failed'], limit: LIMIT })
  @Returns.redirect(302)
  async login(
    @Param('connectionId') connectionId: string,
    @Query() { returnTo, organization, forceAuthn, login_hint: loginHint }: OidcDepartQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const visitor = {
      cookieHeader: request.headers.cookie,
      returnTo,
      aim: { organization },
      forceAuthn: forceAuthn === 'true',
      loginHint,
    };
    const { url, setCookie } = await this.oidc.startLogin(connectionId, visitor);
    response.append('Set-Cookie', setCookie);
    return { url };
  }

  @Get('callback')
  @Public('the provider sends the browser back here', {
    emits: [
      'auth.signed_in',
      'auth.sign_in_failed',
      'sso.member_provisioned',
      'sso.role_taken_over',
      'auth.organization_left',
      'sso.connection_tested',
    ],
    limit: LIMIT,
  })
  @Returns.redirect(303)
  async callback(
    @Param('connectionId') connectionId: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const verified = await this.oidc.verifyResponse(connectionId, request.query, request.headers.cookie);
    if (verified.aim?.testBy !== undefined) return { url: await this.tests.finish(verified) };
    const session = await this.signIn.open(verified);
    this.cookies.set(response, session.secret, session.expiresAt);
    return { url: verified.returnTo };
  }

  @Get('logout')
  @Access('signed-in', { emits: ['auth.signed_out'], beforeSetup: true, peopleOnly: true })
  @Returns.redirect(303)
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
  @Public("the provider's signed word that a session is over", {
    emits: ['sso.sessions_ended'],
    limit: { name: 'sso-logout', points: 600, seconds: 300 },
  })
  @Returns(BackchannelLogoutResponse)
  endByProvider(@Param('connectionId') connectionId: string, @Body() body: unknown) {
    return this.logout.endByProvider(connectionId, body);
  }
}
