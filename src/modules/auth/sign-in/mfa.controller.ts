import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { BrowserCookie, SessionCookies, SignedInResponse } from '../sessions/index.js';
import { PasskeyAnswerDto, PasskeyRequestResponse, PasskeysService, MfaDto } from '../mfa/index.js';
import { SignInCookies } from './sign-in-cookies.js';
import { MfaService } from './mfa.service.js';
import { SIGN_IN_IP_RATE_LIMITS } from './sign-in-limits.js';

/** Signing in: the second factor after a password, and passkeys in place of both. */
@Controller('v1/auth')
export class MfaController {
  constructor(
    private readonly secondFactor: MfaService,
    private readonly passkeys: PasskeysService,
    private readonly sessions: SessionCookies,
    private readonly cookies: SignInCookies,
    private readonly browserCookie: BrowserCookie,
  ) {}

  @Post('login/mfa')
  @Public('the second half of a sign-in: by the cookie of the first, and by five tries an account', {
    emits: [
      'auth.signed_in',
      'auth.sign_in_failed',
      'auth.locked',
      'auth.recovery_code_used',
      'auth.device_remembered',
      'auth.passkey_clone_suspected',
    ],
    limit: SIGN_IN_IP_RATE_LIMITS.mfa,
  })
  @ResponseType(SignedInResponse)
  async finish(
    @Body() { rememberDevice, ...proof }: MfaDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const finished = await this.secondFactor.finish(this.cookies.pending(request), proof, {
      rememberDevice,
      browser: this.browserCookie.browser(request),
    });
    this.cookies.finish(request, response, finished);
    return finished.session;
  }

  /** For a passkey as the second factor. */
  @Get('login/mfa/options')
  @Public('the second half of a sign-in: by the cookie of the first', {
    limit: { name: 'mfa-options', points: 300, seconds: 300 },
  })
  @ResponseType(PasskeyRequestResponse)
  options(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.secondFactor.passkeyOptions(this.cookies.pending(request), this.browserCookie.bind(request, response));
  }

  /** What the browser needs to find one of its passkeys; good for five minutes, in this browser. */
  @Get('passkeys/sign-in/options')
  @Public('this is where people sign in; a limit by address', {
    limit: { name: 'passkey-options', points: 300, seconds: 300 },
  })
  @ResponseType(PasskeyRequestResponse)
  signInOptions(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.passkeys.signInOptions(this.browserCookie.bind(request, response));
  }

  @Post('passkeys/sign-in')
  @Public('this is where people sign in, by the signature of a passkey', {
    emits: ['auth.signed_in', 'auth.sign_in_failed', 'auth.passkey_clone_suspected'],
    limit: { name: 'passkey-address', points: 300, seconds: 300 },
  })
  @ResponseType(SignedInResponse)
  async signIn(
    @Body() { credential }: PasskeyAnswerDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const session = await this.passkeys.signIn(credential, this.browserCookie.browser(request));
    this.sessions.set(response, session.secret, session.expiresAt);
    return session;
  }
}
