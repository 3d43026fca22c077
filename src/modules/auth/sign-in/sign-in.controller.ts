import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { SignedInResponse } from '../sessions/index.js';
import { SignInCookies } from './sign-in-cookies.js';
import { LoginDto } from './sign-in.dto.js';
import { SIGN_IN_IP_RATE_LIMITS } from './sign-in-limits.js';
import { SignInService } from './sign-in.service.js';

@Controller('v1/auth')
export class SignInController {
  constructor(
    private readonly signIn: SignInService,
    private readonly signInCookies: SignInCookies,
  ) {}

  @Post('login')
  @Public('users have no session before they sign in', {
    emits: ['auth.signed_in', 'auth.sign_in_failed', 'auth.locked', 'auth.mfa_challenged', 'auth.device_remembered'],
    limit: SIGN_IN_IP_RATE_LIMITS.signIn,
  })
  @ResponseType(SignedInResponse)
  async login(
    @Body() { email, password, ...options }: LoginDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const outcome = await this.signIn.withPassword(email, password, {
      ...options,
      device: this.signInCookies.device(request),
    });
    if ('methods' in outcome) throw this.signInCookies.mfaRequired(outcome);
    await this.signInCookies.finish(request, response, outcome);
    return outcome.session;
  }
}
