export { SignInDiscovery } from './discovery.service.js';
export { DomainChecks } from './domain-checks.js';
export { asDomain, domainOf, ownDomain, proofOf } from './domain.js';
export { DomainsModule } from './domains.module.js';
export { DomainsService } from './domains.service.js';
