import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { PASSKEY_BODY } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { BrowserCookie, SignedInResponse } from '../sessions/index.js';
import { MFA_IP_RATE_LIMITS, PasskeyAnswerDto, PasskeyRequestResponse, PasskeysService, MfaDto } from '../mfa/index.js';
import { SignInCookies } from './sign-in-cookies.js';
import { MfaService } from './mfa.service.js';
import { SIGN_IN_IP_RATE_LIMITS } from './sign-in-limits.js';

/** Sign-in with a second factor after the password, and sign-in with a passkey. */
@Controller('v1/auth')
export class MfaController {
  constructor(
    private readonly mfa: MfaService,
    private readonly passkeys: PasskeysService,
    private readonly cookies: SignInCookies,
    private readonly browserCookie: BrowserCookie,
  ) {}

  @Post('login/mfa')
  @Public('the user has no session yet: the request needs the cookie of the pending sign-in', {
    emits: [
      'auth.signed_in',
      'auth.sign_in_failed',
      'auth.locked',
      'auth.recovery_code_used',
      'auth.device_remembered',
      'auth.passkey_clone_suspected',
    ],
    limit: SIGN_IN_IP_RATE_LIMITS.mfa,
    body: PASSKEY_BODY,
  })
  @ResponseType(SignedInResponse)
  async finish(
    @Body() { rememberDevice, ...factor }: MfaDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const finished = await this.mfa.finish(this.cookies.pending(request), factor, {
      rememberDevice,
      browser: this.browserCookie.browser(request),
    });
    await this.cookies.finish(request, response, finished);
    return finished.session;
  }

  /** Returns the request options for a passkey as the second factor. */
  @Get('login/mfa/options')
  @Public('the user has no session yet: the request needs the cookie of the pending sign-in', {
    limit: SIGN_IN_IP_RATE_LIMITS.page,
  })
  @ResponseType(PasskeyRequestResponse)
  options(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.mfa.passkeyOptions(this.cookies.pending(request), this.browserCookie.bind(request, response));
  }

  /** Returns the request options for a passkey sign-in. They are valid for five minutes and in this browser only. */
  @Get('passkeys/sign-in/options')
  @Public('users have no session before they sign in', { limit: SIGN_IN_IP_RATE_LIMITS.page })
  @ResponseType(PasskeyRequestResponse)
  signInOptions(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.passkeys.signInOptions(this.browserCookie.bind(request, response));
  }

  @Post('passkeys/sign-in')
  @Public('users have no session before they sign in: the passkey signs the request', {
    emits: ['auth.signed_in', 'auth.sign_in_failed', 'auth.passkey_clone_suspected'],
    limit: MFA_IP_RATE_LIMITS.passkey,
    body: PASSKEY_BODY,
  })
  @ResponseType(SignedInResponse)
  async signIn(
    @Body() { credential }: PasskeyAnswerDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const session = await this.passkeys.signIn(credential, this.browserCookie.browser(request));
    await this.cookies.finish(request, response, { session, device: null });
    return session;
  }
}
