export { TenancyModule } from './tenancy.module.js';
export { TenancyService } from './tenancy.service.js';
