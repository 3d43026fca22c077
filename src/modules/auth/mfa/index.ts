export { FactorVerifier, methodsOf, type Proof } from './factor-verifier.service.js';
export { FactorResetService } from './factor-reset.service.js';
export { PasskeyAnswerDto, PasskeyRequestResponse, MfaDto, ProofDto } from './factors.dto.js';
export { MfaModule } from './mfa.module.js';
export { FactorsRepository, type Factors, type NewDevice, type MfaOutcome } from './factors.repository.js';
export { FactorsService } from './factors.service.js';
export { MFA_IP_RATE_LIMITS } from './mfa-limits.js';
export { PasskeyCeremonies } from './passkey-ceremonies.js';
export { PasskeysService } from './passkeys.service.js';
export {
  presentedFactorParam,
  presentedFactorValue,
  type FactorInput,
  type FactorKind,
  type PresentedFactor,
} from './presented-factor.js';
export { StepUpService } from './step-up.service.js';
