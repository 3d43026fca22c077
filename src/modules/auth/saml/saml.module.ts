import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { AppConfig } from '../../../platform/config/index.js';
import { Clock } from '../../../platform/clock/clock.js';
import { SessionsModule } from '../sessions/index.js';
import { AssertionReplayCache, PendingRequests, type SignInRedis, SsoModule } from '../sso/index.js';
import { RedisConnections } from '../../../platform/redis/index.js';
import { KeyRenewal } from './key-renewal.js';
import { LogoutController } from './logout.controller.js';
import { LogoutService } from './logout.service.js';
import { SamlController } from './saml.controller.js';
import { MessageVerifier, ThreadedVerifier } from './message-verifier.js';
import { SamlResponses } from './saml-responses.js';
import { SamlService } from './saml.service.js';
import { LogoutReplayCache, OutgoingForms, PendingLogouts, RefreshClaims } from './saml-stores.js';
import { SamlStrategy } from './saml.strategy.js';
import { MetadataRefresh } from './metadata-refresh.js';
import { SamlJobs } from './saml.jobs.js';
import { SamlProtocol } from './saml-protocol.js';
import { ProviderSettings } from './saml-settings.js';
import { SamlSetupController } from './saml-setup.controller.js';
import { SamlSetupService } from './saml-setup.service.js';
import { SpKeys } from './sp-keys.js';
import './saml.feature.js';
import { StoredSamlConnections } from './stored-saml-connections.js';

const STORES: readonly (new (redis: SignInRedis) => object)[] = [
  PendingRequests,
  PendingLogouts,
  AssertionReplayCache,
  LogoutReplayCache,
  OutgoingForms,
  RefreshClaims,
];

/** SAML 2.0 sign-in and logout. Pending messages are stored in Redis; without Redis, no user can sign in. */
@Module({
  imports: [PassportModule, SessionsModule, SsoModule],
  controllers: [SamlController, LogoutController, SamlSetupController],
  providers: [
    KeyRenewal,
    MetadataRefresh,
    ProviderSettings,
    SamlJobs,
    SamlProtocol,
    SamlSetupService,
    SpKeys,
    StoredSamlConnections,
    SamlService,
    LogoutService,
    { provide: MessageVerifier, useClass: ThreadedVerifier },
    ...STORES.map((Store) => ({
      provide: Store,
      inject: [RedisConnections],
      useFactory: ({ shared }: RedisConnections) => new Store(shared),
    })),
    {
      provide: SamlResponses,
      inject: [
        StoredSamlConnections,
        PendingRequests,
        AssertionReplayCache,
        MessageVerifier,
        AppConfig,
        Clock,
        KeyRenewal,
      ],
      useFactory: (
        connections: StoredSamlConnections,
        requests: PendingRequests,
        replays: AssertionReplayCache,
        verifier: MessageVerifier,
        app: AppConfig,
        clock: Clock,
        keys: KeyRenewal,
      ) => new SamlResponses(connections, requests, replays, verifier, app.origin, clock, keys),
    },
    {
      provide: SamlStrategy,
      inject: [SamlResponses],
      useFactory: (responses: SamlResponses) => new SamlStrategy(responses),
    },
  ],
})
export class SamlModule {}
