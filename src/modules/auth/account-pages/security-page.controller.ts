import { Body, Controller, Get, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import QrCode from 'qrcode';
import { Access } from '../../../platform/access/decorators.js';
import type { SessionToken } from '../../../platform/access/checks/token.check.js';
import { PAGE_FORM } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { PageFilter, seeOther } from '../../../platform/pages/index.js';
import { FactorsService, MFA_IP_RATE_LIMITS, PasskeysService, StepUpService } from '../mfa/index.js';
import { SessionCookies } from '../sessions/index.js';
import { redisplay } from './forms.js';
import { pageUrl } from './page-url.js';
import { EmailForm, StepUpForm, TotpConfirmForm } from './pages.dto.js';
import { recoveryCodesPage, securityPage, stepUpPage, totpPage } from './security.views.js';

const PAGE = 'text/html; charset=utf-8';
type SessionRequest = Request & { user: SessionToken };

/** The pages for the caller's second factors and for step-up. */
@Controller('account')
@UseFilters(PageFilter)
export class SecurityPageController {
  constructor(
    private readonly factors: FactorsService,
    private readonly passkeys: PasskeysService,
    private readonly stepUps: StepUpService,
    private readonly sessions: SessionCookies,
  ) {}

  @Get('security')
  @Access('signed-in', { allowWithoutMfa: true, interactiveOnly: true })
  @ResponseType.text(PAGE)
  async show() {
    const own = await this.factors.own();
    return securityPage({ ...own, passkeys: (await this.passkeys.list()).items });
  }

  @Post('security/totp')
  @Access('signed-in', {
    emits: ['auth.factor_enrollment_started'],
    body: PAGE_FORM,
    allowWithoutMfa: true,
    interactiveOnly: true,
    stepUpMinutes: 30,
  })
  @ResponseType.text(PAGE)
  async enroll(@Req() { user }: SessionRequest) {
    const { secret, uri } = await this.factors.enrollTotp(user.sid);
    return totpPage({ secret, picture: await QrCode.toString(uri, { type: 'svg', margin: 2 }) });
  }

  @Post('security/totp/confirm')
  @Access('signed-in', {
    emits: ['auth.factor_enrolled', 'auth.recovery_codes_generated'],
    body: PAGE_FORM,
    allowWithoutMfa: true,
    interactiveOnly: true,
    stepUpMinutes: 30,
    limit: MFA_IP_RATE_LIMITS.totpConfirm,
  })
  @ResponseType.text(PAGE)
  async confirm(
    @Body() { code, secret }: TotpConfirmForm,
    @Req() { user }: SessionRequest,
    @Res({ passthrough: true }) response: Response,
  ) {
    try {
      const { session, recoveryCodes } = await this.factors.confirmTotp(user.sid, code);
      this.sessions.set(response, session.secret, session.expiresAt);
      return recoveryCodesPage(recoveryCodes);
    } catch (error) {
      return redisplay(error, (problem) => totpPage({ secret, problem }));
    }
  }

  @Get('step-up')
  @Access('signed-in', { allowWithoutMfa: true, interactiveOnly: true })
  @ResponseType.text(PAGE)
  async showStepUp(@Query() { returnTo }: EmailForm) {
    return stepUpPage(await this.form(pageUrl(returnTo)));
  }

  @Post('step-up')
  @Access('signed-in', {
    emits: ['auth.step_up_completed', 'auth.step_up_failed', 'auth.locked'],
    body: PAGE_FORM,
    allowWithoutMfa: true,
    interactiveOnly: true,
    limit: MFA_IP_RATE_LIMITS.stepUp,
  })
  @ResponseType.text(PAGE)
  async stepUp(
    @Body() { returnTo, ...factor }: StepUpForm,
    @Req() { user }: SessionRequest,
    @Res({ passthrough: true }) response: Response,
  ) {
    const form = await this.form(pageUrl(returnTo));
    try {
      const { secret, expiresAt } = await this.stepUps.stepUp(user.sid, factor, undefined);
      this.sessions.set(response, secret, expiresAt);
      return seeOther(response, pageUrl(returnTo));
    } catch (error) {
      return redisplay(error, (problem) => stepUpPage({ ...form, problem }));
    }
  }

  private async form(returnTo: string) {
    const { totpConfirmedAt, passkeys } = await this.factors.own();
    return { returnTo, hasFactor: totpConfirmedAt !== null, passkeys: passkeys > 0 };
  }
}
