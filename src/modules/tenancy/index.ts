export { CreateMembershipDto } from './tenancy.dto.js';
export { TenancyModule } from './tenancy.module.js';
export { OrganizationService } from './organization.service.js';
export { TenancyService } from './tenancy.service.js';
