export { DnsResolver } from './dns-resolver.js';
export { OutboundFetch, type OutboundLimits, type OutboundRequest } from './outbound-fetch.js';
export { OutboundModule } from './outbound.module.js';
export { OutboundError, type OutboundErrorCode } from './outbound-error.js';
