import { Module } from '@nestjs/common';
import { SessionCookiesModule } from '../session-cookies.module.js';
import { LogoutTokenReplays, PendingRequests } from '../sso/request-store.js';
import { SsoModule } from '../sso/sso.module.js';
import { SsoRedis } from '../../../platform/redis/redis.js';
import { CodeExchange } from './code-exchange.js';
import { OidcController } from './oidc.controller.js';
import { OidcLogoutService } from './oidc-logout.service.js';
import { OidcService } from './oidc.service.js';
import { ProviderDirectory } from './provider-directory.js';
import { StoredOidcConnections } from './stored-oidc-connections.js';

/** OpenID Connect: what is on its way between us and a provider is kept in Redis, and without it nobody signs in. */
@Module({
  imports: [SessionCookiesModule, SsoModule],
  controllers: [OidcController],
  providers: [
    CodeExchange,
    OidcLogoutService,
    OidcService,
    ProviderDirectory,
    StoredOidcConnections,
    { provide: PendingRequests, inject: [SsoRedis], useFactory: ({ redis }: SsoRedis) => new PendingRequests(redis) },
    {
      provide: LogoutTokenReplays,
      inject: [SsoRedis],
      useFactory: ({ redis }: SsoRedis) => new LogoutTokenReplays(redis),
    },
  ],
})
export class OidcModule {}
