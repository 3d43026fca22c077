import { Module } from '@nestjs/common';
import { RbacModule } from '../../rbac/index.js';
import { SsoModule } from '../sso/index.js';
import { SsoDiscoveryController } from './discovery.controller.js';
import { SsoDiscoveryRepository } from './discovery.repository.js';
import { SsoDiscovery } from './discovery.service.js';
import { DomainChecks } from './domain-checks.js';
import { SsoDomainsController } from './domains.controller.js';
import './domains.feature.js';
import { DomainJobs } from './domains.jobs.js';
import { SsoDomainsRepository } from './domains.repository.js';
import { SsoDomains } from './domains.service.js';

/** Verified mail domains, and the discovery of sign-in methods by e-mail address. */
@Module({
  imports: [RbacModule, SsoModule],
  controllers: [SsoDiscoveryController, SsoDomainsController],
  providers: [DomainChecks, DomainJobs, SsoDiscovery, SsoDiscoveryRepository, SsoDomains, SsoDomainsRepository],
  exports: [DomainChecks, SsoDiscovery, SsoDomains],
})
export class DomainsModule {}
