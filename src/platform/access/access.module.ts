import { Global, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { UnitOfWorkInterceptor } from './unit-of-work.interceptor.js';
import { AccessGuard } from './access.guard.js';
import { AsMember } from './as-member.js';
import { KeyLimitLayer, PeopleOnlyLayer } from './layers/api-key.layers.js';
import { DirectoryLayer } from './layers/directory.layer.js';
import { RefusedKeys } from './layers/refused-keys.js';
import { SessionLayer } from './layers/session.layer.js';
import {
  EnforcedSsoLayer,
  PasswordChangedLayer,
  PermissionLayer,
  RateLayer,
  SameOriginLayer,
  SecondFactorLayer,
  SignInMethodLayer,
  StepUpLayer,
} from './layers/standing.layers.js';
import { JwtStrategy, TokenLayer } from './layers/token.layer.js';

/** Guards every route of the application. */
@Global()
@Module({
  imports: [PassportModule],
  providers: [
    JwtStrategy,
    RateLayer,
    TokenLayer,
    KeyLimitLayer,
    RefusedKeys,
    SessionLayer,
    SameOriginLayer,
    PeopleOnlyLayer,
    PasswordChangedLayer,
    SecondFactorLayer,
    EnforcedSsoLayer,
    SignInMethodLayer,
    PermissionLayer,
    StepUpLayer,
    DirectoryLayer,
    AccessGuard,
    AsMember,
    { provide: APP_GUARD, useExisting: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: UnitOfWorkInterceptor },
  ],
  exports: [AccessGuard, AsMember],
})
export class AccessModule {}
