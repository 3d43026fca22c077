export { LinkingModule } from './linking.module.js';
export { LinkingService, type LinkView } from './linking.service.js';
