export { CreateMembershipDto } from './tenancy.dto.js';
export { TenancyModule } from './tenancy.module.js';
export { OrganizationService, SUSPENSION_REASONS, type SuspensionReason } from './organization.service.js';
export { TenancyService } from './tenancy.service.js';
