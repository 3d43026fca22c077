import { Module } from '@nestjs/common';
import { AccountRecoveryModule } from '../account-recovery/index.js';
import { DomainsModule } from '../domains/index.js';
import { LinkingModule } from '../linking/index.js';
import { MfaModule } from '../mfa/index.js';
import { PasswordsModule } from '../passwords/index.js';
import { SessionsModule } from '../sessions/index.js';
import { TenancyModule } from '../../tenancy/index.js';
import { SignInModule } from '../sign-in/index.js';
import { SsoModule } from '../sso/index.js';
import { AccountPageController } from './account-page.controller.js';
import { HomePageController } from './home-page.controller.js';
import { LinkPageController } from './link-page.controller.js';
import { PasswordPageController } from './password-page.controller.js';
import { RecoveryPageController } from './recovery-page.controller.js';
import { SecurityPageController } from './security-page.controller.js';
import { SignInPageController } from './sign-in-page.controller.js';
import { SignedOutPageController } from './signed-out-page.controller.js';
import { SsoTestPageController } from './sso-test-page.controller.js';
import { SsoTestPages } from './sso-test-pages.service.js';
import { SignInPages } from './sign-in-pages.service.js';

/** Server-rendered pages for sign-in, account recovery, and security settings. */
@Module({
  imports: [
    DomainsModule,
    LinkingModule,
    MfaModule,
    PasswordsModule,
    AccountRecoveryModule,
    SessionsModule,
    SignInModule,
    SsoModule,
    TenancyModule,
  ],
  controllers: [
    AccountPageController,
    HomePageController,
    LinkPageController,
    PasswordPageController,
    RecoveryPageController,
    SecurityPageController,
    SignInPageController,
    SignedOutPageController,
    SsoTestPageController,
  ],
  providers: [SignInPages, SsoTestPages],
})
export class AccountPagesModule {}
