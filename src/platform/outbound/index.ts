export { Names } from './names.js';
export { OutboundFetch, type OutboundRequest } from './outbound-fetch.js';
export { OutboundModule } from './outbound.module.js';
export { OutboundRefused, type OutboundRefusal } from './outbound-refused.js';
