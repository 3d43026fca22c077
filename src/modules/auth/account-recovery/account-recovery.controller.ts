import { Body, Controller, Post } from '@nestjs/common';
import { Access, Public } from '../../../platform/access/decorators.js';
import { Returns } from '../../../platform/http/returns.js';
import { ForgotPasswordDto, ResetPasswordDto, VerifyEmailDto } from './account-recovery.dto.js';
import { RecoveryService } from './account-recovery.service.js';
import { ACCOUNT_RECOVERY_IP_RATE_LIMITS } from './account-recovery-limits.js';

@Controller('v1/auth')
export class RecoveryController {
  constructor(private readonly recovery: RecoveryService) {}

  /**
   * The answer is the same whether anybody has the address. The mail leads to `/account/reset#token=…` under
   * PUBLIC_URL.
   */
  @Post('password/forgot')
  @Public('whoever forgot the password cannot sign in', {
    emits: ['auth.password_mail_asked'],
    limit: ACCOUNT_RECOVERY_IP_RATE_LIMITS.forgotPassword,
  })
  @Returns.nothing(202)
  forgot(@Body() { email }: ForgotPasswordDto) {
    return this.recovery.forgot(email);
  }

  /** Sets a password with the token of the mail; ends every session, opens none. */
  @Post('password/reset')
  @Public('whoever forgot the password cannot sign in', {
    emits: ['auth.password_reset', 'auth.password_reset_refused'],
    limit: ACCOUNT_RECOVERY_IP_RATE_LIMITS.resetPassword,
  })
  @Returns.nothing()
  reset(@Body() { token, newPassword }: ResetPasswordDto) {
    return this.recovery.reset(token, newPassword);
  }

  /** Has a mail sent to one's own address; it leads to `/account/verify#token=…` under PUBLIC_URL. */
  @Post('email/verify/request')
  @Access('signed-in', {
    emits: ['auth.email_mail_asked'],
    peopleOnly: true,
    limit: { name: 'email-verify-request', points: 100, seconds: 300 },
  })
  @Returns.nothing(202)
  askVerification() {
    return this.recovery.askVerification();
  }

  /** With the token of that mail. */
  @Post('email/verify')
  @Access('signed-in', {
    emits: ['auth.email_verified'],
    peopleOnly: true,
    limit: ACCOUNT_RECOVERY_IP_RATE_LIMITS.verifyEmail,
  })
  @Returns.nothing()
  verify(@Body() { token }: VerifyEmailDto) {
    return this.recovery.verify(token);
  }
}
