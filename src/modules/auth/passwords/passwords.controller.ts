import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import type { SessionToken } from '../../../platform/access/checks/token.check.js';
import { FAILURES, type NetworkLimit } from '../../../platform/access/network-limit.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { SessionCookies } from '../sessions/index.js';
import { ChangePasswordDto } from './passwords.dto.js';
import { PasswordsService } from './passwords.service.js';

type SessionRequest = Request & { user: SessionToken };

/** Per IP. A session has its own limit of five attempts. */
export const PASSWORD_CHANGE_LIMIT: NetworkLimit = { name: 'password-change', ...FAILURES, points: 100 };

@Controller('v1/auth')
export class PasswordsController {
  constructor(
    private readonly passwords: PasswordsService,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('password/change')
  @Access('signed-in', {
    emits: ['auth.password_changed', 'auth.locked'],
    allowIncompleteSetup: true,
    interactiveOnly: true,
    limit: PASSWORD_CHANGE_LIMIT,
  })
  @ResponseType.nothing()
  async changePassword(
    @Body() { currentPassword, newPassword }: ChangePasswordDto,
    @Req() { user }: SessionRequest,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { secret, expiresAt } = await this.passwords.changePassword(user.sid, currentPassword, newPassword);
    this.cookies.set(response, secret, expiresAt);
  }
}
