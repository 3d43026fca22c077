import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RbacModule } from '../../rbac/index.js';
import { OidcSettings } from '../oidc/oidc-settings.js';
import { SsoEndings } from './sso-endings.service.js';
import { SwitchingRepository } from '../sessions/organization-switch.repository.js';
import { SpKeys } from '../saml/sp-keys.js';
import { DomainChecks } from '../domains/domain-checks.js';
import { MappingPreview } from './mapping-preview.service.js';
import { MetadataRefresh } from '../saml/metadata-refresh.js';
import { ProviderSettings } from '../saml/saml-settings.js';
import { SetupGuides } from '../saml/setup-guide.service.js';
import { SsoArrivals } from './sso-arrivals.service.js';
import { SsoConnectionEntity } from './sso-connection.entity.js';
import { SsoDepartures } from './sso-protocols.js';
import { SsoDiscoveryController } from '../domains/discovery.controller.js';
import { SsoDiscoveryRepository } from '../domains/discovery.repository.js';
import { SsoDiscovery } from '../domains/discovery.service.js';
import { SsoDomainsController } from '../domains/domains.controller.js';
import { SsoDomainsRepository } from '../domains/domains.repository.js';
import { SsoDomains } from '../domains/domains.service.js';
import './sso.feature.js';
import { SsoJobs } from './sso.jobs.js';
import { SsoNoticesRepository } from './sso-notices.repository.js';
import { SsoNotices } from './sso-notices.service.js';
import { SsoRepository } from './sso.repository.js';
import { SsoSetupController } from './sso-setup.controller.js';
import { SsoSetupService } from './sso-setup.service.js';
import { SsoTests } from './sso-tests.service.js';
import { SsoTraceRepository } from './sso-trace.repository.js';
import { SsoTrace } from './sso-trace.service.js';
import { SsoTrialController } from './sso-trial.controller.js';

/** Connections to identity providers, and what all protocols share. */
@Module({
  imports: [RbacModule, TypeOrmModule.forFeature([SsoConnectionEntity])],
  controllers: [SsoSetupController, SsoTrialController, SsoDomainsController, SsoDiscoveryController],
  providers: [
    OidcSettings,
    SsoArrivals,
    SsoEndings,
    SsoRepository,
    SsoSetupService,
    SsoDepartures,
    SsoTests,
    SsoTrace,
    SsoTraceRepository,
    ProviderSettings,
    MetadataRefresh,
    MappingPreview,
    SetupGuides,
    SsoDomains,
    SsoDomainsRepository,
    DomainChecks,
    SsoDiscovery,
    SsoDiscoveryRepository,
    SsoNotices,
    SsoNoticesRepository,
    SsoJobs,
    SwitchingRepository,
    SpKeys,
  ],
  exports: [
    SsoArrivals,
    SsoEndings,
    SsoRepository,
    SsoSetupService,
    SsoDepartures,
    SsoTests,
    SsoTrace,
    SsoDiscovery,
    SsoDomains,
    DomainChecks,
    SwitchingRepository,
  ],
})
export class SsoModule {}
