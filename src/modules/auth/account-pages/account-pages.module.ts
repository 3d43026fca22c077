import { Module } from '@nestjs/common';
import { AccountRecoveryModule } from '../account-recovery/index.js';
import { DomainsModule } from '../domains/index.js';
import { LinkingModule } from '../linking/index.js';
import { MfaModule } from '../mfa/index.js';
import { PasswordsModule } from '../passwords/index.js';
import { SessionsModule } from '../sessions/index.js';
import { SignInModule } from '../sign-in/index.js';
import { SsoModule } from '../sso/index.js';
import { AccountPageController } from './account-page.controller.js';
import { HomePageController } from './home-page.controller.js';
import { LinkPageController } from './link-page.controller.js';
import { PasswordPageController } from './password-page.controller.js';
import { RecoveryPageController } from './recovery-page.controller.js';
import { SecurityPageController } from './security-page.controller.js';
import { SignInPageController } from './sign-in-page.controller.js';
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
  ],
  controllers: [
    AccountPageController,
    HomePageController,
    LinkPageController,
    PasswordPageController,
    RecoveryPageController,
    SecurityPageController,
    SignInPageController,
  ],
  providers: [SignInPages],
})
export class AccountPagesModule {}
