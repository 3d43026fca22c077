import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Access, Public } from '../../platform/access/decorators.js';
import { Returns } from '../../platform/http/returns.js';
import { AccountService } from './account.service.js';
import { ChangePasswordDto, LoginDto, MeResponse, SessionResponse, SignedInResponse } from './auth.dto.js';
import { SessionCookies } from './session-cookies.js';
import { SignInService } from './sign-in.service.js';

@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly signIn: SignInService,
    private readonly account: AccountService,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('login')
  @Public('this is where people sign in', {
    emits: ['auth.signed_in', 'auth.sign_in_failed', 'auth.locked'],
    limit: { name: 'sign-in-address', points: 300, seconds: 300 },
  })
  @Returns(SignedInResponse)
  async login(@Body() { email, password, rememberMe }: LoginDto, @Res({ passthrough: true }) response: Response) {
    const session = await this.signIn.withPassword(email, password, rememberMe);
    this.cookies.set(response, session.secret, session.expiresAt, session.remembered);
    return session;
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
    emits: ['auth.password_changed'], beforeSetup: true, peopleOnly: true, limit: { name: 'password-change', points: 30, seconds: 300 },
  })
  @Returns.nothing()
  changePassword(@Body() { currentPassword, newPassword }: ChangePasswordDto) {
    return this.account.changePassword(currentPassword, newPassword);
  }
}
