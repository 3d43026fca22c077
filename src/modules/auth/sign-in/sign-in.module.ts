import { Module } from '@nestjs/common';
import { MfaModule } from '../mfa/index.js';
import { PasswordsModule } from '../passwords/index.js';
import { SessionsModule } from '../sessions/index.js';
import { SsoModule } from '../sso/index.js';
import { MfaController } from './mfa.controller.js';
import { MfaService } from './mfa.service.js';
import { SignInCookies } from './sign-in-cookies.js';
import { SignInController } from './sign-in.controller.js';
import './sign-in.feature.js';
import { SignInService } from './sign-in.service.js';

/** Sign-in with a password or a passkey, and the second factor after a password. */
@Module({
  imports: [MfaModule, PasswordsModule, SessionsModule, SsoModule],
  controllers: [MfaController, SignInController],
  providers: [SignInCookies, MfaService, SignInService],
  exports: [SignInCookies, MfaService, SignInService],
})
export class SignInModule {}
