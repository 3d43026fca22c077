import { Module } from '@nestjs/common';
import { RbacModule } from '../../rbac/index.js';
import { SessionsModule } from '../sessions/index.js';
import { SignOutController } from './sign-out.controller.js';
import { SignOutService } from './sign-out.service.js';
import { SignedOutMark } from './signed-out-mark.js';
import { SsoLogoutService } from './sso-logout.service.js';
import { SsoConnectionFinder } from './found-connection.js';
import { SetupGuideController } from './setup-guide.controller.js';
import { SetupGuides } from './setup-guide.service.js';
import { IdentitiesController } from './identities.controller.js';
import { IdentitiesRepository } from './identities.repository.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityMovesController } from './identity-moves.controller.js';
import { IdentityMoves } from './identity-moves.service.js';
import { LinkOffers } from './link-offers.js';
import { MappingPreview } from './mapping-preview.service.js';
import { SsoProtocols } from './sso-protocols.js';
import { SsoCallback } from './sso-callback.service.js';
import { SsoSignInService } from './sso-sign-in.service.js';
import './sso.feature.js';
import { SsoJobs } from './sso.jobs.js';
import { SsoNoticesRepository } from './sso-notices.repository.js';
import { SsoNotices } from './sso-notices.service.js';
import { SsoRepository } from './sso.repository.js';
import { SsoSetupController } from './sso-setup.controller.js';
import { SsoSetupService } from './sso-setup.service.js';
import { SsoConnectionTests } from './sso-connection-tests.service.js';
import { SsoTraceRepository } from './sso-trace.repository.js';
import { SsoTestReport } from './sso-test-report.service.js';
import { SsoTrace } from './sso-trace.service.js';
import { SsoConnectionTestController } from './sso-connection-test.controller.js';

/** Connections to identity providers, and the parts that all SSO protocols share. */
@Module({
  imports: [RbacModule, SessionsModule],
  controllers: [
    SignOutController,
    SsoSetupController,
    SsoConnectionTestController,
    SetupGuideController,
    IdentitiesController,
    IdentityMovesController,
  ],
  providers: [
    IdentitiesRepository,
    IdentitiesService,
    IdentityMoves,
    LinkOffers,
    SsoConnectionFinder,
    SignedOutMark,
    SignOutService,
    SsoCallback,
    SsoSignInService,
    SsoLogoutService,
    SsoRepository,
    SsoSetupService,
    SsoProtocols,
    SsoConnectionTests,
    SsoTestReport,
    SsoTrace,
    SsoTraceRepository,
    MappingPreview,
    SetupGuides,
    SsoNotices,
    SsoNoticesRepository,
    SsoJobs,
  ],
  exports: [
    IdentitiesService,
    IdentityMoves,
    LinkOffers,
    SsoCallback,
    SsoConnectionFinder,
    SignedOutMark,
    SignOutService,
    SsoNotices,
    SsoSignInService,
    SsoLogoutService,
    SsoRepository,
    SsoSetupService,
    SsoProtocols,
    SsoConnectionTests,
    SsoTestReport,
    SsoTrace,
    SetupGuides,
  ],
})
export class SsoModule {}
