import { Module } from '@nestjs/common';
import { PasswordsModule } from '../passwords/index.js';
import { SessionsModule } from '../sessions/index.js';
import { SsoModule } from '../sso/index.js';
import { Challenges } from './challenges.js';
import { DevicesRepository } from './devices.repository.js';
import { FactorMailRepository } from './factor-mail.repository.js';
import { FactorVerifier } from './factor-verifier.service.js';
import { FactorResetController } from './factor-reset.controller.js';
import { FactorResetService } from './factor-reset.service.js';
import { FactorsController } from './factors.controller.js';
import './mfa.feature.js';
import { FactorJobs } from './mfa.jobs.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService } from './factors.service.js';
import { PasskeyCeremonies } from './passkey-ceremonies.js';
import { PasskeysController } from './passkeys.controller.js';
import { PasskeysRepository } from './passkeys.repository.js';
import { PasskeysService } from './passkeys.service.js';
import { StepUpService } from './step-up.service.js';

/** Multi-factor authentication: enrollment, verification, step-up, and reset. */
@Module({
  imports: [PasswordsModule, SessionsModule, SsoModule],
  controllers: [FactorsController, PasskeysController, FactorResetController],
  providers: [
    Challenges,
    DevicesRepository,
    FactorJobs,
    FactorMailRepository,
    FactorVerifier,
    FactorResetService,
    FactorsRepository,
    FactorsService,
    PasskeyCeremonies,
    PasskeysRepository,
    PasskeysService,
    StepUpService,
  ],
  exports: [
    FactorVerifier,
    FactorResetService,
    FactorsRepository,
    FactorsService,
    PasskeyCeremonies,
    PasskeysService,
    StepUpService,
  ],
})
export class MfaModule {}
