export { ACCOUNT_RECOVERY_IP_RATE_LIMITS } from './account-recovery-limits.js';
export { ForgotPasswordDto, VerifyEmailDto } from './account-recovery.dto.js';
export { RecoveryModule } from './account-recovery.module.js';
export { RecoveryService } from './account-recovery.service.js';
