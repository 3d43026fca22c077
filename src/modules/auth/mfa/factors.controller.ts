import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../../platform/access/decorators.js';
import type { SessionToken } from '../../../platform/access/checks/token.check.js';
import { ResponseType } from '../../../platform/http/response-type.js';
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

/** The caller's second factors, and step-up. */
@Controller('v1/auth')
export class FactorsController {
  constructor(
    private readonly factors: FactorsService,
    private readonly stepUps: StepUpService,
    private readonly sessions: SessionCookies,
    private readonly browserCookie: BrowserCookie,
  ) {}

  /** Returns the caller's enrolled factors. */
  @Get('factors')
  @Access('signed-in', { allowWithoutMfa: true, interactiveOnly: true })
  @ResponseType(FactorsResponse)
  own() {
    return this.factors.own();
  }

  /** Starts the enrollment of an authenticator app. The factor is active after the caller confirms a code. */
  @Post('totp/enroll')
  @Access('signed-in', {
    emits: ['auth.factor_enrollment_started'],
    allowWithoutMfa: true,
    interactiveOnly: true,
    stepUpMinutes: 30,
  })
  @ResponseType(TotpEnrolmentResponse, { status: 201 })
  enroll(@Req() { user }: SessionRequest) {
    return this.factors.enrollTotp(user.sid);
  }

  /**
   * Confirms an authenticator app with a code, and returns recovery codes. The session gets a new cookie. Other local
   * sessions without a second factor end.
   */
  @Post('totp/confirm')
  @Access('signed-in', {
    emits: ['auth.factor_enrolled', 'auth.recovery_codes_generated'],
    allowWithoutMfa: true,
    interactiveOnly: true,
    stepUpMinutes: 30,
    limit: MFA_IP_RATE_LIMITS.totpConfirm,
  })
  @ResponseType(RecoveryCodesResponse)
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
  @Access('signed-in', { emits: ['auth.factor_removed'], interactiveOnly: true, stepUpMinutes: 10 })
  @ResponseType.nothing()
  remove(@Req() { user }: SessionRequest) {
    return this.factors.removeTotp(user.sid);
  }

  /** Generates ten recovery codes and returns them once. All earlier codes stop working. */
  @Post('recovery-codes')
  @Access('signed-in', { emits: ['auth.recovery_codes_generated'], interactiveOnly: true, stepUpMinutes: 10 })
  @ResponseType(RecoveryCodesResponse, { status: 201 })
  async renew(@Req() { user }: SessionRequest) {
    return { recoveryCodes: await this.factors.renewRecoveryCodes(user.sid) };
  }

  /**
   * Confirms the caller's identity again with a second factor, or with the password if the caller has no factor. The
   * session gets a new cookie.
   */
  @Post('step-up')
  @Access('signed-in', {
    emits: [
      'auth.step_up_completed',
      'auth.step_up_failed',
      'auth.recovery_code_used',
      'auth.passkey_clone_suspected',
      'auth.locked',
    ],
    allowWithoutMfa: true,
    interactiveOnly: true,
    limit: MFA_IP_RATE_LIMITS.stepUp,
  })
  @ResponseType.nothing()
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

  /** Returns the request options for a step-up with a passkey. */
  @Get('step-up/options')
  @Access('signed-in', { allowWithoutMfa: true, interactiveOnly: true })
  @ResponseType(PasskeyRequestResponse)
  stepUpOptions(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.stepUps.passkeyOptions(this.browserCookie.bind(request, response));
  }

  /** Returns the caller's remembered devices. */
  @Get('devices')
  @Access('signed-in', { interactiveOnly: true })
  @ResponseType(DeviceResponse, { list: true })
  devices() {
    return this.factors.listDevices();
  }

  @Delete('devices/:id')
  @Access('signed-in', { emits: ['auth.device_forgotten'], interactiveOnly: true })
  @ResponseType.nothing()
  forget(@Param('id', ParseUUIDPipe) id: string) {
    return this.factors.forgetDevice(id);
  }
}
