export { MfaService } from './mfa.service.js';
export { SignInCookies } from './sign-in-cookies.js';
export { SIGN_IN_IP_RATE_LIMITS } from './sign-in-limits.js';
export { SignInModule } from './sign-in.module.js';
export { SignInService } from './sign-in.service.js';
