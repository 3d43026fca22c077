export { ACCOUNT_RECOVERY_IP_RATE_LIMITS } from './account-recovery-limits.js';
export { ForgotPasswordDto, VerifyEmailDto } from './account-recovery.dto.js';
export { AccountRecoveryModule } from './account-recovery.module.js';
export { AccountRecoveryService } from './account-recovery.service.js';
