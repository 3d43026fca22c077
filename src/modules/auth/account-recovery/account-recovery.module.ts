import { Module } from '@nestjs/common';
import { PasswordsModule } from '../passwords/index.js';
import { AccountRecoveryController } from './account-recovery.controller.js';
import './account-recovery.feature.js';
import { AccountRecoveryJobs } from './account-recovery.jobs.js';
import { AccountRecoveryRepository } from './account-recovery.repository.js';
import { AccountRecoveryService } from './account-recovery.service.js';

/** Password reset and e-mail verification by mail. */
@Module({
  imports: [PasswordsModule],
  controllers: [AccountRecoveryController],
  providers: [AccountRecoveryJobs, AccountRecoveryRepository, AccountRecoveryService],
  exports: [AccountRecoveryService],
})
export class AccountRecoveryModule {}
