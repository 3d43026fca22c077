export { LINK_REASON, PROOF_EVENTS } from './linking.controller.js';
export { LinkingModule } from './linking.module.js';
export { LinkingService, type LinkView } from './linking.service.js';
