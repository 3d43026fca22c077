export { AuthModule } from './auth.module.js';
export { AccountService } from './account.service.js';
export { FactorResetService } from './factors/factor-reset.service.js';
export { SignedInResponse } from './auth.dto.js';
export { assertStrong, Passwords, type Credential } from './passwords.js';
export { SessionCookies } from './session-cookies.js';
export type { OpenedSession } from './sign-in.service.js';
export { SsoSetupService } from './sso/sso-setup.service.js';
export { newVisit, visitAt, type Visit } from './visit.js';
