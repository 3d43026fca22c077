import { Module } from '@nestjs/common';
import { PasswordsModule } from '../passwords.module.js';
import { RecoveryController } from './recovery.controller.js';
import './recovery.feature.js';
import { RecoveryJobs } from './recovery.jobs.js';
import { RecoveryRepository } from './recovery.repository.js';
import { RecoveryService } from './recovery.service.js';

/** Getting back into one's account by mail. */
@Module({
  imports: [PasswordsModule],
  controllers: [RecoveryController],
  providers: [RecoveryJobs, RecoveryRepository, RecoveryService],
  exports: [RecoveryService],
})
export class RecoveryModule {}
