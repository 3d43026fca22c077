import { Module } from '@nestjs/common';
import { AccountService } from './account.service.js';
import { AuthController } from './auth.controller.js';
import './auth.feature.js';
import { Passwords } from './passwords.js';
import { AccountPageController } from './pages/account-page.controller.js';
import { SignInPageController } from './pages/sign-in-page.controller.js';
import { SignInPages } from './pages/sign-in-pages.service.js';
import { SamlModule } from './saml/saml.module.js';
import { SsoModule } from './sso/sso.module.js';
import { SessionCookiesModule } from './session-cookies.module.js';
import { SessionsRepository } from './sessions.repository.js';
import { SignInService } from './sign-in.service.js';
import { SwitchingController } from './switching.controller.js';
import { SwitchingRepository } from './switching.repository.js';
import { SwitchingService } from './switching.service.js';

@Module({
  imports: [SamlModule, SessionCookiesModule, SsoModule],
  controllers: [AccountPageController, AuthController, SignInPageController, SwitchingController],
  providers: [AccountService, SignInPages, Passwords, SessionsRepository, SignInService, SwitchingRepository, SwitchingService],
  exports: [AccountService, Passwords, SessionCookiesModule, SsoModule],
})
export class AuthModule {}
