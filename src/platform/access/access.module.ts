import { Global, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { UnitOfWorkInterceptor } from './unit-of-work.interceptor.js';
import { AccessGuard } from './access.guard.js';
import { AsMember } from './as-member.js';
import { BodyCheck } from './checks/body.check.js';
import { ApiKeyLimitCheck, InteractiveOnlyCheck } from './checks/api-key.checks.js';
import { ScimTokenCheck } from './checks/scim-token.check.js';
import { RejectedApiKeys } from './checks/rejected-api-keys.js';
import { SessionCheck } from './checks/session.check.js';
import {
  EnforcedSsoCheck,
  PasswordChangedCheck,
  PermissionCheck,
  SameOriginCheck,
  MfaCheck,
  SignInMethodCheck,
  StepUpCheck,
} from './checks/member.checks.js';
import { RateLimitCheck } from './checks/rate-limit.check.js';
import { JwtStrategy, TokenCheck } from './checks/token.check.js';

/** Registers the access guard and the unit-of-work interceptor for every route. */
@Global()
@Module({
  imports: [PassportModule],
  providers: [
    JwtStrategy,
    RateLimitCheck,
    BodyCheck,
    TokenCheck,
    ApiKeyLimitCheck,
    RejectedApiKeys,
    SessionCheck,
    SameOriginCheck,
    InteractiveOnlyCheck,
    PasswordChangedCheck,
    MfaCheck,
    EnforcedSsoCheck,
    SignInMethodCheck,
    PermissionCheck,
    StepUpCheck,
    ScimTokenCheck,
    AccessGuard,
    AsMember,
    { provide: APP_GUARD, useExisting: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: UnitOfWorkInterceptor },
  ],
  exports: [AccessGuard, AsMember],
})
export class AccessModule {}
