import { Body, Controller, Get, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access, Public } from '../../../platform/access/decorators.js';
import { PAGE_FORM } from '../../../platform/http/index.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { KeptToken, notePage, PageFilter, tokenPage } from '../../../platform/pages/index.js';
import {
  ACCOUNT_RECOVERY_IP_RATE_LIMITS,
  ForgotPasswordDto,
  AccountRecoveryService,
  VerifyEmailDto,
} from '../account-recovery/index.js';
import { forgotPage } from './account.views.js';
import { redisplay } from './forms.js';
import { ResetForm } from './pages.dto.js';

const PAGE = 'text/html; charset=utf-8';
const RESET = {
  title: 'Choose a new password',
  action: '/account/reset',
  button: 'Set password',
  newPassword: true,
  otherwise: { href: '/account/forgot', label: 'Request a new link' },
};
const VERIFY = {
  title: 'Confirm your e-mail address',
  action: '/account/verify',
  button: 'Confirm',
  newPassword: false,
  otherwise: { href: '/account', label: 'Go to your account' },
};
const TO_SIGN_IN = { href: '/sign-in', label: 'Go to the sign-in page' };

/** The pages for password reset and e-mail verification. */
@Controller('account')
@UseFilters(PageFilter)
export class RecoveryPageController {
  constructor(
    private readonly recovery: AccountRecoveryService,
    private readonly kept: KeptToken,
  ) {}

  @Get('forgot')
  @Public('users who forgot the password cannot sign in')
  @ResponseType.text(PAGE)
  forgotten() {
    return forgotPage();
  }

  @Post('forgot')
  @Public('users who forgot the password cannot sign in', {
    emits: ['auth.password_reset_requested'],
    body: PAGE_FORM,
    limit: ACCOUNT_RECOVERY_IP_RATE_LIMITS.forgotPassword,
  })
  @ResponseType.text(PAGE)
  async forgot(@Body() { email }: ForgotPasswordDto) {
    try {
      await this.recovery.forgot(email);
      return notePage(
        'Check your mail',
        'If an account has this e-mail address, we sent a link to it. The link is valid for 30 minutes.',
        TO_SIGN_IN,
      );
    } catch (error) {
      return redisplay(error, forgotPage);
    }
  }

  @Get('reset')
  @Public('users who forgot the password cannot sign in')
  @ResponseType.text(PAGE)
  choose() {
    return tokenPage(RESET);
  }

  @Post('reset')
  @Public('users who forgot the password cannot sign in', {
    emits: ['auth.password_reset', 'auth.password_reset_failed'],
    body: PAGE_FORM,
    limit: ACCOUNT_RECOVERY_IP_RATE_LIMITS.resetPassword,
  })
  @ResponseType.text(PAGE)
  async reset(@Body() { token, password }: ResetForm) {
    try {
      await this.recovery.reset(token, password);
      return notePage('Your password was changed', 'All of your sessions have ended.', TO_SIGN_IN);
    } catch (error) {
      return redisplay(error, (problem) => tokenPage({ ...RESET, token, problem }));
    }
  }

  /** Returns the form. The token is in the URL fragment, so the page must load before the user signs in. */
  @Get('verify')
  @Public('the page contains only the form; its target requires the session')
  @ResponseType.text(PAGE)
  confirm(@Req() request: Request) {
    return tokenPage({ ...VERIFY, token: this.kept.read(request) });
  }

  @Post('verify')
  @Access('signed-in', {
    emits: ['auth.email_verified'],
    body: PAGE_FORM,
    interactiveOnly: true,
    limit: ACCOUNT_RECOVERY_IP_RATE_LIMITS.verifyEmail,
  })
  @ResponseType.text(PAGE)
  async verify(
    @Body() { token }: VerifyEmailDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    try {
      await this.recovery.verify(token);
      this.kept.clear(request, response);
      return notePage('Your e-mail address is confirmed', 'No further action is required.', {
        href: '/account',
        label: 'Go to your account',
      });
    } catch (error) {
      return redisplay(error, (problem) => tokenPage({ ...VERIFY, token, problem }));
    }
  }
}
