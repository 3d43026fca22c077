import { Module, type DynamicModule } from '@nestjs/common';
import { AccessGrantsModule } from './modules/access-grants/index.js';
import { AccessReviewModule } from './modules/access-review/index.js';
import { ApiKeysModule } from './modules/api-keys/index.js';
import { AuditModule } from './modules/audit/index.js';
import { AccountPagesModule } from './modules/auth/account-pages/index.js';
import { AccountRecoveryModule } from './modules/auth/account-recovery/index.js';
import { DomainsModule } from './modules/auth/domains/index.js';
import { MfaModule } from './modules/auth/mfa/index.js';
import { OidcModule } from './modules/auth/oidc/index.js';
import { PasswordsModule } from './modules/auth/passwords/index.js';
import { SamlModule } from './modules/auth/saml/index.js';
import { LinkingModule } from './modules/auth/linking/index.js';
import { ScimModule } from './modules/auth/scim/index.js';
import { SessionsModule } from './modules/auth/sessions/index.js';
import { SignInAlertsModule } from './modules/auth/sign-in-alerts/index.js';
import { SignInModule } from './modules/auth/sign-in/index.js';
import { SsoModule } from './modules/auth/sso/index.js';
import { ExportsModule } from './modules/exports/index.js';
import { InstitutionsModule } from './modules/institutions/index.js';
import { InvitesModule } from './modules/invites/index.js';
import { RealtimeModule } from './modules/realtime/index.js';
import { PeopleModule } from './modules/people/index.js';
import { RbacModule } from './modules/rbac/index.js';
import { RetentionModule } from './modules/retention/index.js';
import { TenancyModule } from './modules/tenancy/index.js';
import { WebhooksModule } from './modules/webhooks/index.js';
import type { Config } from './platform/config/config.types.js';
import { PlatformModule } from './platform/platform.module.js';

/** The application: the platform and all features. API, worker and CLI are processes of this module. */
@Module({
  imports: [
    SessionsModule,
    PasswordsModule,
    SsoModule,
    SignInAlertsModule,
    MfaModule,
    AccountRecoveryModule,
    SamlModule,
    OidcModule,
    LinkingModule,
    ScimModule,
    DomainsModule,
    SignInModule,
    AccountPagesModule,
    TenancyModule,
    InvitesModule,
    RbacModule,
    AccessGrantsModule,
    AccessReviewModule,
    ApiKeysModule,
    PeopleModule,
    AuditModule,
    WebhooksModule,
    ExportsModule,
    RetentionModule,
    RealtimeModule,
    InstitutionsModule,
  ],
})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return { module: AppModule, imports: [PlatformModule.forRoot(config)] };
  }
}
