import { Module } from '@nestjs/common';
import { AccountService } from './account.service.js';
import { AuthController } from './auth.controller.js';
import './auth.feature.js';
import { FactorsModule } from './factors/factors.module.js';
import { OidcModule } from './oidc/oidc.module.js';
import { AccountPageController } from './pages/account-page.controller.js';
import { RecoveryPageController } from './pages/recovery-page.controller.js';
import { SecurityPageController } from './pages/security-page.controller.js';
import { SignInPageController } from './pages/sign-in-page.controller.js';
import { SignInPages } from './pages/sign-in-pages.service.js';
import { PasswordsModule } from './passwords.module.js';
import { RecoveryModule } from './recovery/recovery.module.js';
import { SamlModule } from './saml/saml.module.js';
import { ScimModule } from './scim/scim.module.js';
import { SsoModule } from './sso/sso.module.js';
import { SessionCookiesModule } from './session-cookies.module.js';
import { SessionsRepository } from './sessions.repository.js';
import { SignInService } from './sign-in.service.js';
import { SwitchingController } from './switching.controller.js';
import { SwitchingService } from './switching.service.js';
import { WatchModule } from './watch/watch.module.js';

@Module({
  imports: [
    FactorsModule,
    OidcModule,
    PasswordsModule,
    RecoveryModule,
    SamlModule,
    ScimModule,
    SessionCookiesModule,
    SsoModule,
    WatchModule,
  ],
  controllers: [
    AuthController,
    SwitchingController,
    AccountPageController,
    RecoveryPageController,
    SecurityPageController,
    SignInPageController,
  ],
  providers: [AccountService, SessionsRepository, SignInPages, SignInService, SwitchingService],
  exports: [
    AccountService,
    FactorsModule,
    PasswordsModule,
    RecoveryModule,
    ScimModule,
    SessionCookiesModule,
    SsoModule,
  ],
})
export class AuthModule {}
