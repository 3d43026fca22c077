export { AccessGrantsModule } from './access-grants.module.js';
export { AccessGrantsService } from './access-grants.service.js';
