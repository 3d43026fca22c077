import { Module } from '@nestjs/common';
import { FactorsModule } from '../mfa/index.js';
import { PasswordsModule } from '../passwords/index.js';
import { SessionsModule } from '../sessions/index.js';
import { SecondFactorController } from './second-factor.controller.js';
import { SecondFactorService } from './second-factor.service.js';
import { FactorCookies } from './sign-in-cookies.js';
import { SignInController } from './sign-in.controller.js';
import './sign-in.feature.js';
import { SignInService } from './sign-in.service.js';

/** Sign-in by password or passkey, and the second factor after a password. */
@Module({
  imports: [FactorsModule, PasswordsModule, SessionsModule],
  controllers: [SecondFactorController, SignInController],
  providers: [FactorCookies, SecondFactorService, SignInService],
  exports: [FactorCookies, SecondFactorService, SignInService],
})
export class SignInModule {}
