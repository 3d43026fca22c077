import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { AppConfig } from '../../../platform/config/index.js';
import { Clock } from '../../../platform/clock/clock.js';
import { SessionCookiesModule } from '../session-cookies.module.js';
import { SsoModule } from '../sso/sso.module.js';
import { SsoRedis } from '../sso/sso-redis.js';
import { AssertionReplays, PendingRequests } from '../sso/request-store.js';
import { SamlController } from './saml.controller.js';
import { SamlService } from './saml.service.js';
import { SamlStrategy } from './saml.strategy.js';
import { StoredSamlConnections } from './stored-saml-connections.js';

/** SAML 2.0: what is on its way between us and an identity provider is kept in Redis, and without it nobody signs in. */
@Module({
  imports: [PassportModule, SessionCookiesModule, SsoModule],
  controllers: [SamlController],
  providers: [
    StoredSamlConnections, SamlService,
    { provide: PendingRequests, inject: [SsoRedis], useFactory: ({ redis }: SsoRedis) => new PendingRequests(redis) },
    { provide: AssertionReplays, inject: [SsoRedis], useFactory: ({ redis }: SsoRedis) => new AssertionReplays(redis) },
    {
      provide: SamlStrategy,
      inject: [StoredSamlConnections, PendingRequests, AssertionReplays, AppConfig, Clock],
      useFactory: (connections: StoredSamlConnections, requests: PendingRequests, replays: AssertionReplays, app: AppConfig, clock: Clock) =>
        new SamlStrategy(connections, requests, replays, app.origin, clock),
    },
  ],
})
export class SamlModule {}
