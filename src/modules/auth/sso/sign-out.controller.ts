import { Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import { AppConfig } from '../../../platform/config/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { SessionCookies } from '../sessions/index.js';
import { SignOutService } from './sign-out.service.js';
import { SignedOutResponse } from './sso-connection.dto.js';

@Controller('v1/auth')
export class SignOutController {
  constructor(
    private readonly signOut: SignOutService,
    private readonly cookies: SessionCookies,
    private readonly app: AppConfig,
  ) {}

  /** Ends the session. The client opens the returned URL, so that the session at the identity provider ends too. */
  @Post('logout')
  @Access('signed-in', { emits: ['auth.signed_out'], allowIncompleteSetup: true, interactiveOnly: true })
  @ResponseType(SignedOutResponse)
  async logout(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const { url, setCookies } = await this.signOut.signOut(request.headers.cookie);
    this.cookies.clear(response, setCookies);
    return { url: new URL(url, this.app.origin).href };
  }
}
