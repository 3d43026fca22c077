import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { AppConfig } from '../../../platform/config/index.js';
import { Clock } from '../../../platform/clock/clock.js';
import { SessionCookiesModule } from '../sessions/sessions.module.js';
import { SsoModule } from '../sso/sso.module.js';
import { RedisConnections } from '../../../platform/redis/index.js';
import { AssertionReplays, PendingRequests, type SignInRedis } from '../sso/request-store.js';
import { LogoutController } from './logout.controller.js';
import { LogoutService } from './logout.service.js';
import { SamlController } from './saml.controller.js';
import { SamlResponses } from './saml-responses.js';
import { SamlService } from './saml.service.js';
import { LogoutReplays, OutgoingForms, PendingLogouts } from './saml-stores.js';
import { SamlStrategy } from './saml.strategy.js';
import { SpKeysController } from './sp-keys.controller.js';
import { StoredSamlConnections } from './stored-saml-connections.js';

const STORES: readonly (new (redis: SignInRedis) => object)[] = [
  PendingRequests,
  PendingLogouts,
  AssertionReplays,
  LogoutReplays,
  OutgoingForms,
];

/**
 * SAML 2.0: what is on its way between us and an identity provider is kept in Redis, and without it nobody signs in.
 */
@Module({
  imports: [PassportModule, SessionCookiesModule, SsoModule],
  controllers: [SamlController, LogoutController, SpKeysController],
  providers: [
    StoredSamlConnections,
    SamlService,
    LogoutService,
    ...STORES.map((Store) => ({
      provide: Store,
      inject: [RedisConnections],
      useFactory: ({ shared }: RedisConnections) => new Store(shared),
    })),
    {
      provide: SamlResponses,
      inject: [StoredSamlConnections, PendingRequests, AssertionReplays, AppConfig, Clock],
      useFactory: (
        connections: StoredSamlConnections,
        requests: PendingRequests,
        replays: AssertionReplays,
        app: AppConfig,
        clock: Clock,
      ) => new SamlResponses(connections, requests, replays, app.origin, clock),
    },
    {
      provide: SamlStrategy,
      inject: [SamlResponses],
      useFactory: (responses: SamlResponses) => new SamlStrategy(responses),
    },
  ],
})
export class SamlModule {}
