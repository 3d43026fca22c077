import { Module } from '@nestjs/common';
import { AccountService } from './account.service.js';
import { AuthController } from './auth.controller.js';
import './auth.feature.js';
import { Passwords } from './passwords.js';
import { OidcModule } from './oidc/oidc.module.js';
import { SamlModule } from './saml/saml.module.js';
import { SsoModule } from './sso/sso.module.js';
import { SessionCookiesModule } from './session-cookies.module.js';
import { SessionsRepository } from './sessions.repository.js';
import { SignInService } from './sign-in.service.js';
import { SwitchingController } from './switching.controller.js';
import { SwitchingRepository } from './switching.repository.js';
import { SwitchingService } from './switching.service.js';

@Module({
  imports: [OidcModule, SamlModule, SessionCookiesModule, SsoModule],
  controllers: [AuthController, SwitchingController],
  providers: [AccountService, Passwords, SessionsRepository, SignInService, SwitchingRepository, SwitchingService],
  exports: [AccountService, Passwords, SessionCookiesModule, SsoModule],
})
export class AuthModule {}
