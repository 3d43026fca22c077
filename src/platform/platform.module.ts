import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccessModule } from './access/access.module.js';
import './access/access.feature.js';
import { AuditTrailModule } from './audit/audit-trail.module.js';
import { ClockModule } from './clock/clock.module.js';
import { ConfigModule } from './config/index.js';
import type { Config } from './config/config.js';
import './crypto/crypto.feature.js';
import { CryptoModule } from './crypto/crypto.module.js';
import './database/database.feature.js';
import { DatabaseModule } from './database/database.module.js';
import { DatabaseProbe } from './database/database.probe.js';
import { BootChecks } from './feature/boot-checks.js';
import './http/http.feature.js';
import { HttpModule } from './http/http.module.js';
import { RateLimitModule } from './http/rate-limit.module.js';
import './jobs/jobs.feature.js';
import { JobsModule } from './jobs/jobs.module.js';
import { RedisProbe } from './jobs/redis.probe.js';
import { LivePlatformModule } from './live/live.module.js';
import { LoggingModule } from './logging/index.js';
import { MailModule } from './mail/index.js';
import { PagesModule } from './pages/index.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OutboundModule } from './outbound/index.js';
import { PlacesModule } from './places/index.js';
import { StorageModule } from './storage/index.js';
import { WebhookEventsModule } from './webhooks/webhook-events.module.js';

/** Everything the features stand on. */
@Module({})
export class PlatformModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: PlatformModule,
      imports: [
        ConfigModule.forRoot(config),
        LoggingModule,
        ClockModule,
        PlacesModule,
        DatabaseModule,
        CryptoModule,
        StorageModule,
        MailModule,
        OutboundModule,
        AuditTrailModule,
        JobsModule,
        WebhookEventsModule,
        LivePlatformModule,
        RateLimitModule,
        MetricsModule.forRoot([DatabaseProbe, RedisProbe]),
        AccessModule,
        HttpModule,
        PagesModule,
        DiscoveryModule,
      ],
      providers: [BootChecks],
    };
  }
}
