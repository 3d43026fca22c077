export {
  AssertionReplays,
  LogoutTokenReplays,
  PendingRequests,
  Replays,
  SIGN_IN_MILLIS,
  answerOf,
  keyOf,
  type PendingRequest,
  type SignInRedis,
} from './request-store.js';
export { roleOf } from './role-mapping.js';
export { SsoSignInService } from './sso-sign-in.service.js';
export { FoundConnection, SsoConnectionFinder } from './found-connection.js';
export type { SamlBinding, SsoConnectionEntity, SsoProtocol } from './sso-connection.entity.js';
export { SsoEndings } from './sso-endings.service.js';
export { evidenceOfClaims, masked, type SsoEvidence } from './sso-evidence.js';
export { isEmailAddress, type SsoIdentity, type VerifiedIdentity } from './sso-identity.js';
export { SsoNotices } from './sso-notices.service.js';
export { asProblems, problemOf, toSsoError } from './sso-problem.js';
export {
  SsoProtocols,
  type ConnectionColumns,
  type SsoLoginRedirect,
  type SsoLoginRequest,
  type SsoProtocolHandler,
} from './sso-protocols.js';
export { SsoRefused, type CommonRefusal } from './sso-refusal.js';
export { SsoSetupService } from './sso-setup.service.js';
export { SsoTests } from './sso-tests.service.js';
export { DepartQuery, SamlProviderDto, SsoConnectionResponse, UpdateSsoConnectionDto } from './sso.dto.js';
export { SsoModule } from './sso.module.js';
export { SsoRepository, type ProviderSession } from './sso.repository.js';
