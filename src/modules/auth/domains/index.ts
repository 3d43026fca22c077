export { SsoDiscovery } from './discovery.service.js';
export { DomainChecks } from './domain-checks.js';
export { asDomain, domainOf, ownDomain, proofOf } from './domain.js';
export { DomainsModule } from './domains.module.js';
export { SsoDomains } from './domains.service.js';
