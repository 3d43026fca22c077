export { hashWithAttempt, locked, reserveAttempt, type AttemptReservation } from './lockout.js';
export { assertStrong, type PasswordOwner } from './password-policy.js';
export { ChangePasswordDto } from './passwords.dto.js';
export { PASSWORD_CHANGE_LIMIT } from './passwords.controller.js';
export { PasswordsModule } from './passwords.module.js';
export { PasswordsRepository, type SignInOutcome } from './passwords.repository.js';
export { PasswordsService } from './passwords.service.js';
export { Passwords, TOKEN_RATE_LIMIT, type Credential } from './passwords.js';
