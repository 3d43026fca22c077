import { Module } from '@nestjs/common';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionCookiesModule } from '../sessions/sessions.module.js';
import { SsoModule } from '../sso/sso.module.js';
import { Challenges } from './challenges.js';
import { DevicesRepository } from './devices.repository.js';
import { FactorCookies } from '../sign-in/sign-in-cookies.js';
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
import { SecondFactorController } from '../sign-in/second-factor.controller.js';
import { SecondFactorService } from '../sign-in/second-factor.service.js';
import { StepUpService } from './step-up.service.js';

/** Second factors: enrolling them, showing them, losing them. */
@Module({
  imports: [PasswordsModule, SessionCookiesModule, SsoModule],
  controllers: [FactorsController, PasskeysController, SecondFactorController, FactorResetController],
  providers: [
    Challenges,
    DevicesRepository,
    FactorCookies,
    FactorJobs,
    FactorLettersRepository,
    FactorProofs,
    FactorResetService,
    FactorsRepository,
    FactorsService,
    PasskeyCeremonies,
    PasskeysRepository,
    PasskeysService,
    SecondFactorService,
    StepUpService,
  ],
  exports: [FactorCookies, FactorResetService, FactorsService, PasskeysService, SecondFactorService, StepUpService],
})
export class FactorsModule {}
