export { AuthModule } from './auth.module.js';
export { AccountService } from './account.service.js';
export { SsoSetupService } from './saml/sso-setup.service.js';
