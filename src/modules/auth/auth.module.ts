import { Module } from '@nestjs/common';
import { AccountService } from './account.service.js';
import { AuthController } from './auth.controller.js';
import './auth.feature.js';
import { FactorsModule } from './factors/factors.module.js';
import { AccountPageController } from './pages/account-page.controller.js';
import { SecurityPageController } from './pages/security-page.controller.js';
import { SignInPageController } from './pages/sign-in-page.controller.js';
import { SignInPages } from './pages/sign-in-pages.service.js';
import { PasswordsModule } from './passwords.module.js';
import { SamlModule } from './saml/saml.module.js';
import { SsoModule } from './sso/sso.module.js';
import { SessionCookiesModule } from './session-cookies.module.js';
import { SessionsRepository } from './sessions.repository.js';
import { SignInService } from './sign-in.service.js';
import { SwitchingController } from './switching.controller.js';
import { SwitchingRepository } from './switching.repository.js';
import { SwitchingService } from './switching.service.js';

@Module({
  imports: [FactorsModule, PasswordsModule, SamlModule, SessionCookiesModule, SsoModule],
  controllers: [AuthController, SwitchingController, AccountPageController, SecurityPageController, SignInPageController],
  providers: [AccountService, SessionsRepository, SignInPages, SignInService, SwitchingRepository, SwitchingService],
  exports: [AccountService, FactorsModule, PasswordsModule, SessionCookiesModule, SsoModule],
})
export class AuthModule {}
