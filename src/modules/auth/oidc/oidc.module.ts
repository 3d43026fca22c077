import { Module } from '@nestjs/common';
import { SessionsModule } from '../sessions/index.js';
import { LogoutTokenReplayCache, PendingRequests, SsoModule } from '../sso/index.js';
import { RedisConnections } from '../../../platform/redis/index.js';
import { CodeExchange } from './code-exchange.js';
import { OidcController } from './oidc.controller.js';
import { OidcLogoutService } from './oidc-logout.service.js';
import { IssuerCheck } from './issuer-check.js';
import './oidc.feature.js';
import { OidcJobs } from './oidc.jobs.js';
import { OidcProtocol } from './oidc-protocol.js';
import { OidcService } from './oidc.service.js';
import { ProviderMetadataCache } from './provider-metadata-cache.js';
import { StoredOidcConnections } from './stored-oidc-connections.js';

/** OpenID Connect sign-in and logout. Pending requests are stored in Redis; without Redis, no user can sign in. */
@Module({
  imports: [SessionsModule, SsoModule],
  controllers: [OidcController],
  providers: [
    CodeExchange,
    IssuerCheck,
    OidcJobs,
    OidcLogoutService,
    OidcProtocol,
    OidcService,
    ProviderMetadataCache,
    StoredOidcConnections,
    {
      provide: PendingRequests,
      inject: [RedisConnections],
      useFactory: ({ shared }: RedisConnections) => new PendingRequests(shared),
    },
    {
      provide: LogoutTokenReplayCache,
      inject: [RedisConnections],
      useFactory: ({ shared }: RedisConnections) => new LogoutTokenReplayCache(shared),
    },
  ],
})
export class OidcModule {}
