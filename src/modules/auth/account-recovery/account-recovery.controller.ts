import { Body, Controller, Post } from '@nestjs/common';
import { Access, Public } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { ForgotPasswordDto, ResetPasswordDto, VerifyEmailDto } from './account-recovery.dto.js';
import { AccountRecoveryService } from './account-recovery.service.js';
import { ACCOUNT_RECOVERY_IP_RATE_LIMITS } from './account-recovery-limits.js';

@Controller('v1/auth')
export class AccountRecoveryController {
  constructor(private readonly recovery: AccountRecoveryService) {}

  /**
   * Requests a mail with a link to set a password. The response does not reveal whether an account has the address. The
   * link opens `/account/reset#token=…` under PUBLIC_URL.
   */
  @Post('password/forgot')
  @Public('users who forgot the password cannot sign in', {
    emits: ['auth.password_reset_requested'],
    limit: ACCOUNT_RECOVERY_IP_RATE_LIMITS.forgotPassword,
  })
  @ResponseType.nothing(202)
  forgot(@Body() { email }: ForgotPasswordDto) {
    return this.recovery.forgot(email);
  }

  /** Sets a password with the token from the mail. Ends all sessions of the user and opens none. */
  @Post('password/reset')
  @Public('users who forgot the password cannot sign in', {
    emits: ['auth.password_reset', 'auth.password_reset_failed'],
    limit: ACCOUNT_RECOVERY_IP_RATE_LIMITS.resetPassword,
  })
  @ResponseType.nothing()
  reset(@Body() { token, newPassword }: ResetPasswordDto) {
    return this.recovery.reset(token, newPassword);
  }

  /** Requests a mail that verifies the caller's e-mail address. Its link opens `/account/verify#token=…`. */
  @Post('email/verify/request')
  @Access('signed-in', {
    emits: ['auth.email_verification_requested'],
    interactiveOnly: true,
    limit: { name: 'email-verify-request', points: 100, seconds: 300 },
  })
  @ResponseType.nothing(202)
  requestVerification() {
    return this.recovery.requestVerification();
  }

  /** Verifies the caller's e-mail address with the token from the mail. */
  @Post('email/verify')
  @Access('signed-in', {
    emits: ['auth.email_verified'],
    interactiveOnly: true,
    limit: ACCOUNT_RECOVERY_IP_RATE_LIMITS.verifyEmail,
  })
  @ResponseType.nothing()
  verify(@Body() { token }: VerifyEmailDto) {
    return this.recovery.verify(token);
  }
}
