import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import type { SessionToken } from '../../../platform/access/checks/token.check.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { BrowserCookie, SessionCookies } from '../sessions/index.js';
import {
  AddedPasskeyResponse,
  NewPasskeyDto,
  PasskeyCreationResponse,
  PasskeyNameDto,
  PasskeyResponse,
} from './factors.dto.js';
import { PasskeysService } from './passkeys.service.js';

type SessionRequest = Request & { user: SessionToken };

/** The caller's passkeys. */
@Controller('v1/auth/passkeys')
export class PasskeysController {
  constructor(
    private readonly passkeys: PasskeysService,
    private readonly sessions: SessionCookies,
    private readonly browserCookie: BrowserCookie,
  ) {}

  @Get()
  @Access('signed-in', { allowWithoutMfa: true, interactiveOnly: true })
  @ResponseType(PasskeyResponse, { list: true })
  list() {
    return this.passkeys.list();
  }

  /** Returns the creation options for a passkey. They are valid for five minutes and in this browser only. */
  @Get('options')
  @Access('signed-in', { allowWithoutMfa: true, interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(PasskeyCreationResponse)
  options(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.passkeys.creationOptions(this.browserCookie.bind(request, response));
  }

  /**
   * Adds a passkey, and returns recovery codes if the caller has none. The session gets a new cookie. Other local
   * sessions without a second factor end.
   */
  @Post()
  @Access('signed-in', {
    emits: ['auth.factor_enrolled', 'auth.recovery_codes_generated'],
    allowWithoutMfa: true,
    interactiveOnly: true,
    stepUpMinutes: 30,
    limit: { name: 'passkey-add', points: 300, seconds: 300 },
  })
  @ResponseType(AddedPasskeyResponse, { status: 201 })
  async add(
    @Body() { name, credential }: NewPasskeyDto,
    @Req() request: SessionRequest,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { session, ...added } = await this.passkeys.add(
      request.user.sid,
      name,
      credential,
      this.browserCookie.browser(request),
    );
    this.sessions.set(response, session.secret, session.expiresAt);
    return added;
  }

  @Patch(':id')
  @Access('signed-in', { emits: ['auth.passkey_renamed'], interactiveOnly: true })
  @ResponseType.nothing()
  rename(@Param('id', ParseUUIDPipe) id: string, @Body() { name }: PasskeyNameDto) {
    return this.passkeys.rename(id, name);
  }

  @Delete(':id')
  @Access('signed-in', { emits: ['auth.factor_removed'], interactiveOnly: true, stepUpMinutes: 10 })
  @ResponseType.nothing()
  remove(@Param('id', ParseUUIDPipe) id: string, @Req() { user }: SessionRequest) {
    return this.passkeys.remove(user.sid, id);
  }
}
