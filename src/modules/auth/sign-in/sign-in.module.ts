import { Module } from '@nestjs/common';
import { AccountService } from '../sessions/sessions.service.js';
import { AuthController } from './sign-in.controller.js';
import '../sessions/sessions.feature.js';
import { FactorsModule } from '../mfa/factors.module.js';
import { OidcModule } from '../oidc/oidc.module.js';
import { AccountPageController } from '../account-pages/account-page.controller.js';
import { RecoveryPageController } from '../account-pages/recovery-page.controller.js';
import { SecurityPageController } from '../account-pages/security-page.controller.js';
import { SignInPageController } from '../account-pages/sign-in-page.controller.js';
import { SignInPages } from '../account-pages/sign-in-pages.service.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { RecoveryModule } from '../account-recovery/account-recovery.module.js';
import { SamlModule } from '../saml/saml.module.js';
import { ScimModule } from '../scim/scim.module.js';
import { SsoModule } from '../sso/sso.module.js';
import { SessionCookiesModule } from '../sessions/sessions.module.js';
import { SessionsRepository } from '../sessions/sessions.repository.js';
import { SignInService } from './sign-in.service.js';
import { SwitchingController } from '../sessions/organization-switch.controller.js';
import { SwitchingService } from '../sessions/organization-switch.service.js';
import { WatchModule } from '../sign-in-alerts/sign-in-alerts.module.js';

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
