import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import type { SessionToken } from '../../../platform/access/layers/token.layer.js';
import { Returns } from '../../../platform/http/returns.js';
import { BrowserCookie, SessionCookies } from '../sessions/index.js';
import {
  DeviceResponse,
  FactorsResponse,
  PasskeyRequestResponse,
  RecoveryCodesResponse,
  StepUpDto,
  TotpCodeDto,
  TotpEnrolmentResponse,
} from './factors.dto.js';
import { FactorsService } from './factors.service.js';
import { StepUpService } from './step-up.service.js';
import { MFA_IP_RATE_LIMITS } from './mfa-limits.js';

type SessionRequest = Request & { user: SessionToken };

/** One's own second factors, and showing them again. */
@Controller('v1/auth')
export class FactorsController {
  constructor(
    private readonly factors: FactorsService,
    private readonly stepUps: StepUpService,
    private readonly sessions: SessionCookies,
    private readonly browserCookie: BrowserCookie,
  ) {}

  /** What is enrolled. */
  @Get('factors')
  @Access('signed-in', { beforeSecondFactor: true, peopleOnly: true })
  @Returns(FactorsResponse)
  own() {
    return this.factors.own();
  }

  /** Begins to enrol time-based codes; they count once one of them was confirmed. */
  @Post('totp/enroll')
  @Access('signed-in', { emits: ['auth.factor_begun'], beforeSecondFactor: true, peopleOnly: true, stepUpMinutes: 30 })
  @Returns(TotpEnrolmentResponse, { status: 201 })
  enroll(@Req() { user }: SessionRequest) {
    return this.factors.enrollTotp(user.sid);
  }

  /**
   * Confirms time-based codes by one of them, and shows recovery codes. The session gets a new cookie; local sessions
   * that showed no factor end.
   */
  @Post('totp/confirm')
  @Access('signed-in', {
    emits: ['auth.factor_enrolled', 'auth.recovery_codes_made'],
    beforeSecondFactor: true,
    peopleOnly: true,
    stepUpMinutes: 30,
    limit: MFA_IP_RATE_LIMITS.totpConfirm,
  })
  @Returns(RecoveryCodesResponse)
  async confirm(
    @Body() { code }: TotpCodeDto,
    @Req() { user }: SessionRequest,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { session, recoveryCodes } = await this.factors.confirmTotp(user.sid, code);
    this.sessions.set(response, session.secret, session.expiresAt);
    return { recoveryCodes };
  }

  @Delete('totp')
  @Access('signed-in', { emits: ['auth.factor_removed'], peopleOnly: true, stepUpMinutes: 10 })
  @Returns.nothing()
  remove(@Req() { user }: SessionRequest) {
    return this.factors.removeTotp(user.sid);
  }

  /** Ten new recovery codes, shown this once; all earlier ones are worth nothing. */
  @Post('recovery-codes')
  @Access('signed-in', { emits: ['auth.recovery_codes_made'], peopleOnly: true, stepUpMinutes: 10 })
  @Returns(RecoveryCodesResponse, { status: 201 })
  async renew(@Req() { user }: SessionRequest) {
    return { recoveryCodes: await this.factors.renewRecoveryCodes(user.sid) };
  }

  /**
   * Shows once more who one is: by a second factor, by the password only without one. The session gets a new cookie.
   */
  @Post('step-up')
  @Access('signed-in', {
    emits: [
      'auth.stepped_up',
      'auth.step_up_failed',
      'auth.recovery_code_used',
      'auth.passkey_suspected',
      'auth.locked',
    ],
    beforeSecondFactor: true,
    peopleOnly: true,
    limit: MFA_IP_RATE_LIMITS.stepUp,
  })
  @Returns.nothing()
  async stepUp(
    @Body() body: StepUpDto,
    @Req() request: SessionRequest,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { secret, expiresAt } = await this.stepUps.stepUp(
      request.user.sid,
      body,
      this.browserCookie.browser(request),
    );
    this.sessions.set(response, secret, expiresAt);
  }

  /** For stepping up by a passkey. */
  @Get('step-up/options')
  @Access('signed-in', { beforeSecondFactor: true, peopleOnly: true })
  @Returns(PasskeyRequestResponse)
  stepUpOptions(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.stepUps.passkeyOptions(this.browserCookie.bind(request, response));
  }

  /** Devices that leave the second factor out for a while. */
  @Get('devices')
  @Access('signed-in', { peopleOnly: true })
  @Returns(DeviceResponse, { list: true })
  devices() {
    return this.factors.listDevices();
  }

  @Delete('devices/:id')
  @Access('signed-in', { emits: ['auth.device_forgotten'], peopleOnly: true })
  @Returns.nothing()
  forget(@Param('id', ParseUUIDPipe) id: string) {
    return this.factors.forgetDevice(id);
  }
}
