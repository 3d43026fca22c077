import { Module } from '@nestjs/common';
import { PasswordsModule } from '../passwords/index.js';
import { SessionsModule } from '../sessions/index.js';
import { SsoModule } from '../sso/index.js';
import { Challenges } from './challenges.js';
import { DevicesRepository } from './devices.repository.js';
import { FactorLettersRepository } from './factor-letters.repository.js';
import { FactorProofs } from './factor-proofs.service.js';
import { FactorResetController } from './factor-reset.controller.js';
import { FactorResetService } from './factor-reset.service.js';
import { FactorsController } from './factors.controller.js';
import './factors.feature.js';
import { FactorJobs } from './factors.jobs.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService } from './factors.service.js';
import { PasskeyCeremonies } from './passkey-ceremonies.js';
import { PasskeysController } from './passkeys.controller.js';
import { PasskeysRepository } from './passkeys.repository.js';
import { PasskeysService } from './passkeys.service.js';
import { StepUpService } from './step-up.service.js';

/** Second factors: enrolling them, showing them, losing them. */
@Module({
  imports: [PasswordsModule, SessionsModule, SsoModule],
  controllers: [FactorsController, PasskeysController, FactorResetController],
  providers: [
    Challenges,
    DevicesRepository,
    FactorJobs,
    FactorLettersRepository,
    FactorProofs,
    FactorResetService,
    FactorsRepository,
    FactorsService,
    PasskeyCeremonies,
    PasskeysRepository,
    PasskeysService,
    StepUpService,
  ],
  exports: [
    FactorProofs,
    FactorResetService,
    FactorsRepository,
    FactorsService,
    PasskeyCeremonies,
    PasskeysService,
    StepUpService,
  ],
})
export class FactorsModule {}
