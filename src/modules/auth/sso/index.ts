export {
  AssertionReplayCache,
  LogoutTokenReplayCache,
  PendingRequests,
  ReplayCache,
  SIGN_IN_MS,
  answerOf,
  keyOf,
  type PendingRequest,
  type SignInRedis,
} from './request-store.js';
export { roleOf, type RoleRule } from './role-mapping.js';
export type { MoveRule } from './identities.repository.js';
export { IdentitiesService } from './identities.service.js';
export { IdentityMoves } from './identity-moves.service.js';
export { LinkOffers, type LinkTicket } from './link-offers.js';
export { SIGNED_OUT_PAGE, SignOutService, type SignedOut } from './sign-out.service.js';
export { SignedOutMark } from './signed-out-mark.js';
export { CALLBACK_EVENTS, LINK_EVENTS, SsoCallback } from './sso-callback.service.js';
export { SsoSignInService } from './sso-sign-in.service.js';
export { FoundConnection, SsoConnectionFinder } from './found-connection.js';
export type {
  MetadataWarning,
  MetadataWarningCode,
  ProviderFault,
  SamlBinding,
  SsoConnectionEntity,
  SsoProtocol,
} from './sso-connection.entity.js';
export { SsoLogoutService } from './sso-logout.service.js';
export { diagnosticsOfClaims, masked, type SsoDiagnostics } from '../sso-messages/index.js';
export type { SsoIdentity, VerifiedIdentity } from './verified-identity.js';
export { FRAME_GUESSES, SSO_IP_RATE_LIMITS } from './sso-limits.js';
export { SsoNotices } from './sso-notices.service.js';
export { asProblems, problemOf, toSsoError } from './sso-problem.js';
export {
  SsoProtocols,
  type ConnectionColumns,
  type SsoLoginRedirect,
  type SsoLoginRequest,
  type SsoLogoutRedirect,
  type SsoLogoutRequest,
  type SsoProtocolHandler,
} from './sso-protocols.js';
export { GUIDED, type GuidedProvider, type GuideValues, type ProviderGuide, type Row } from './setup-guide.js';
export { SetupGuides } from './setup-guide.service.js';
export { SsoTestReport, type TestWarning } from './sso-test-report.service.js';
export { SsoTrace, type TestResult } from './sso-trace.service.js';
export { SsoError, type CommonErrorCode } from '../sso-messages/index.js';
export { SsoSetupService } from './sso-setup.service.js';
export { SsoConnectionTests } from './sso-connection-tests.service.js';
export { MetadataWarningResponse, SsoConnectionResponse } from './sso-connection.dto.js';
export { CreateSsoConnectionDto, LoginQuery, SamlProviderDto, UpdateSsoConnectionDto } from './sso.dto.js';
export { SsoModule } from './sso.module.js';
export { SsoRepository, type ProviderSession } from './sso.repository.js';
