import { Controller, Get, Logger, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { currentContext } from '../../../platform/context/context.js';
import { assertNotFromElsewhere } from '../../../platform/http/csrf.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { allowFrame, seeOther } from '../../../platform/pages/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { SessionCookies } from '../sessions/index.js';
import { problemOf, SSO_IP_RATE_LIMITS, toSsoError, SsoSignInService, type SsoError } from '../sso/index.js';
import { LogoutService } from './logout.service.js';
import { REFRESH_EVENTS, SAML_FORM } from './saml-form.js';

const PAGE = 'text/html; charset=utf-8';

/** Single logout: the start of a logout, and the endpoint for the identity provider's messages. */
@Controller('v1/sso/saml/:connectionId/logout')
export class LogoutController {
  private readonly log = new Logger('SAML');

  constructor(
    private readonly logout: LogoutService,
    private readonly signIn: SsoSignInService,
    private readonly cookies: SessionCookies,
  ) {}

  @Get()
  @Public('ends the session of the browser; the identity provider signs its messages', {
    emits: ['auth.signed_out', 'sso.sessions_ended', 'sso.logout_rejected', ...REFRESH_EVENTS],
    limit: SSO_IP_RATE_LIMITS.logout,
  })
  @ResponseType.text(PAGE)
  byRedirect(
    @Param('connectionId') connectionId: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.receive(connectionId, request, response, undefined);
  }

  @Post()
  @Public('the identity provider sends a signed message', {
    emits: ['sso.sessions_ended', 'sso.logout_rejected', ...REFRESH_EVENTS],
    limit: SSO_IP_RATE_LIMITS.logout,
    body: SAML_FORM,
    otherOrigins: 'the page of the identity provider posts the message, and its signature is verified',
  })
  @ResponseType.text(PAGE)
  byPost(
    @Param('connectionId') connectionId: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.receive(connectionId, request, response, request.body ?? {});
  }

  private async receive(connectionId: string, request: Request, response: Response, body: unknown): Promise<string> {
    const [, rawQuery = ''] = request.originalUrl.split(/\?(.*)/s);
    // without a message, a link of another site would sign the user out
    if (rawQuery === '' && body === undefined) assertNotFromElsewhere(request);
    const about = {
      connectionId,
      cookieHeader: request.headers.cookie,
      session: this.cookies.read(request),
      rawQuery,
      query: request.query,
      body,
    };
    try {
      const answer = await this.logout.receive(about);
      if (about.session !== null || body !== undefined || rawQuery !== '') await currentContext().uncount();
      if ('page' in answer) {
        allowFrame(response, answer.policy);
        return answer.page;
      }
      if (answer.setCookies !== undefined) this.cookies.clear(response, answer.setCookies);
      return seeOther(response, answer.url);
    } catch (error) {
      if (error instanceof Problem) throw error;
      const rejection = toSsoError(error);
      await this.record(connectionId, rejection);
      throw problemOf(rejection);
    }
  }

  private async record(connectionId: string, { reason, cause }: SsoError): Promise<void> {
    this.log.warn(`logout rejected: ${reason}`);
    if (reason === 'unexpected') this.log.error('a message could not be verified', cause);
    await this.signIn
      .recordLogoutRejection(connectionId, reason)
      .catch((error: unknown) => this.log.error('a rejected logout could not be recorded', error));
  }
}
