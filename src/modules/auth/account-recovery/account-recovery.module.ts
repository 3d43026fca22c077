import { Module } from '@nestjs/common';
import { PasswordsModule } from '../passwords/index.js';
import { RecoveryController } from './account-recovery.controller.js';
import './account-recovery.feature.js';
import { RecoveryJobs } from './account-recovery.jobs.js';
import { RecoveryRepository } from './account-recovery.repository.js';
import { RecoveryService } from './account-recovery.service.js';

/** Getting back into one's account by mail. */
@Module({
  imports: [PasswordsModule],
  controllers: [RecoveryController],
  providers: [RecoveryJobs, RecoveryRepository, RecoveryService],
  exports: [RecoveryService],
})
export class RecoveryModule {}
