export { RbacModule } from './rbac.module.js';
export { RolesService } from './roles.service.js';
