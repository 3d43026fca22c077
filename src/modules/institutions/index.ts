export { InstitutionsModule } from './institutions.module.js';
export { InstitutionsService } from './institutions.service.js';
