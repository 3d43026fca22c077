export { ScimTokensService } from './scim-tokens.service.js';
export { ScimModule } from './scim.module.js';
