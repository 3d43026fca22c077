import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access, Public } from '../../../platform/access/decorators.js';
import type { SessionToken } from '../../../platform/access/layers/token.layer.js';
import { Returns } from '../../../platform/http/returns.js';
import { BY_ADDRESS } from '../sessions/address-limits.js';
import { AccountService } from '../sessions/sessions.service.js';
import { ChangePasswordDto, LoginDto, MeResponse, SessionResponse, SignedInResponse } from './sign-in.dto.js';
import { FactorCookies } from './sign-in-cookies.js';
import { SessionCookies } from '../sessions/session-cookies.js';
import { SignInService } from './sign-in.service.js';

type SessionRequest = Request & { user: SessionToken };

@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly signIn: SignInService,
    private readonly account: AccountService,
    private readonly cookies: SessionCookies,
    private readonly factorCookies: FactorCookies,
  ) {}

  @Post('login')
  @Public('this is where people sign in', {
    emits: [
      'auth.signed_in',
      'auth.sign_in_failed',
      'auth.locked',
      'auth.second_factor_asked',
      'auth.device_remembered',
    ],
    limit: BY_ADDRESS.signIn,
  })
  @Returns(SignedInResponse)
  async login(
    @Body() { email, password, ...options }: LoginDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const outcome = await this.signIn.withPassword(email, password, {
      ...options,
      device: this.factorCookies.device(request),
    });
    if ('methods' in outcome) throw this.factorCookies.needed(outcome);
    this.factorCookies.finish(request, response, outcome);
    return outcome.session;
  }

  @Post('logout')
  @Access('signed-in', { emits: ['auth.signed_out'], beforeSetup: true, peopleOnly: true })
  @Returns.nothing()
  async logout(@Res({ passthrough: true }) response: Response) {
    await this.account.signOut();
    this.cookies.clear(response);
  }

  @Get('me')
  @Access('signed-in', { beforeSetup: true })
  @Returns(MeResponse)
  me() {
    return this.account.me();
  }

  @Get('sessions')
  @Access('signed-in', { peopleOnly: true })
  @Returns(SessionResponse, { list: true })
  sessions() {
    return this.account.listSessions();
  }

  /** Ends all of one's sessions here but the one that asks. */
  @Delete('sessions')
  @Access('signed-in', { emits: ['auth.other_sessions_revoked'], peopleOnly: true })
  @Returns.nothing()
  revokeOthers() {
    return this.account.revokeOthers();
  }

  @Delete('sessions/:id')
  @Access('signed-in', { emits: ['auth.session_revoked'], peopleOnly: true })
  @Returns.nothing()
  revoke(@Param('id', ParseUUIDPipe) id: string) {
    return this.account.revoke(id);
  }

  @Post('password/change')
  @Access('signed-in', {
    emits: ['auth.password_changed', 'auth.locked'],
    beforeSetup: true,
    peopleOnly: true,
    limit: { name: 'password-change', points: 30, seconds: 300 },
  })
  @Returns.nothing()
  async changePassword(
    @Body() { currentPassword, newPassword }: ChangePasswordDto,
    @Req() { user }: SessionRequest,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { secret, expiresAt } = await this.account.changePassword(user.sid, currentPassword, newPassword);
    this.cookies.set(response, secret, expiresAt);
  }
}
