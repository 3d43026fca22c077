import { Module } from '@nestjs/common';
import { RbacModule } from '../../rbac/index.js';
import { SsoModule } from '../sso/index.js';
import { SignInDiscoveryController } from './discovery.controller.js';
import { SignInDiscoveryRepository } from './discovery.repository.js';
import { SignInDiscovery } from './discovery.service.js';
import { DomainChecks } from './domain-checks.js';
import { DomainsController } from './domains.controller.js';
import './domains.feature.js';
import { DomainJobs } from './domains.jobs.js';
import { DomainsRepository } from './domains.repository.js';
import { DomainsService } from './domains.service.js';

/** Verified mail domains, and the discovery of sign-in methods by e-mail address. */
@Module({
  imports: [RbacModule, SsoModule],
  controllers: [SignInDiscoveryController, DomainsController],
  providers: [DomainChecks, DomainJobs, SignInDiscovery, SignInDiscoveryRepository, DomainsService, DomainsRepository],
  exports: [DomainChecks, SignInDiscovery, DomainsService],
})
export class DomainsModule {}
