export { AuthModule } from './auth.module.js';
export { AccountService } from './account.service.js';
