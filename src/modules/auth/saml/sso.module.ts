import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AppConfig } from '../../../platform/config/index.js';
import { Clock } from '../../../platform/clock/clock.js';
import { RbacModule } from '../../rbac/index.js';
import { SessionCookiesModule } from '../session-cookies.module.js';
import { SsoRedis } from './sso-redis.js';
import { AssertionReplays, PendingRequests } from './request-store.js';
import { SamlStrategy } from './saml.strategy.js';
import { SsoConnectionEntity } from './sso-connection.entity.js';
import { SsoConnections } from './sso-connections.js';
import { SsoController } from './sso.controller.js';
import './sso.feature.js';
import { SsoRepository } from './sso.repository.js';
import { SsoService } from './sso.service.js';
import { SsoSetupController } from './sso-setup.controller.js';
import { SsoSetupService } from './sso-setup.service.js';

/** Single sign-on: what is on its way between us and an identity provider is kept in Redis, and without it nobody signs in. */
@Module({
  imports: [PassportModule, RbacModule, SessionCookiesModule, TypeOrmModule.forFeature([SsoConnectionEntity])],
  controllers: [SsoController, SsoSetupController],
  providers: [
    SsoConnections, SsoRepository, SsoService, SsoSetupService, SsoRedis,
    { provide: PendingRequests, inject: [SsoRedis], useFactory: ({ redis }: SsoRedis) => new PendingRequests(redis) },
    { provide: AssertionReplays, inject: [SsoRedis], useFactory: ({ redis }: SsoRedis) => new AssertionReplays(redis) },
    {
      provide: SamlStrategy,
      inject: [SsoConnections, PendingRequests, AssertionReplays, AppConfig, Clock],
      useFactory: (connections: SsoConnections, requests: PendingRequests, replays: AssertionReplays, app: AppConfig, clock: Clock) =>
        new SamlStrategy(connections, requests, replays, app.origin, clock),
    },
  ],
  exports: [SsoSetupService],
})
export class SsoModule {}
