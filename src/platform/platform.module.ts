import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccessModule } from './access/access.module.js';
import './access/access.feature.js';
import { AuditLogModule } from './audit/audit-log.module.js';
import { ClockModule } from './clock/clock.module.js';
import { ConfigModule } from './config/index.js';
import type { Config } from './config/config.types.js';
import './keys/keys.feature.js';
import { KeysModule } from './keys/keys.module.js';
import './database/database.feature.js';
import { DatabaseModule } from './database/database.module.js';
import { ClockProbe } from './database/clock.probe.js';
import { DatabaseProbe } from './database/database.probe.js';
import { BootChecks } from './boot/boot-checks.js';
import { HttpModule } from './http/http.module.js';
import { RateLimitModule } from './http/rate-limit.module.js';
import './jobs/jobs.feature.js';
import { JobsModule } from './jobs/jobs.module.js';
import { RedisModule, RedisProbe } from './redis/index.js';
import { RealtimePlatformModule } from './realtime/realtime.module.js';
import { LoggingModule } from './logging/index.js';
import { MailModule } from './mail/index.js';
import { PagesModule } from './pages/index.js';
import { HealthModule } from './health/health.module.js';
import { OutboundModule } from './outbound/index.js';
import { GeoIpModule } from './geoip/index.js';
import { StorageModule, StorageProbe } from './storage/index.js';
import { WebhookEventsModule } from './webhooks/webhook-events.module.js';

/** Imports the platform modules that the features use. */
@Module({})
export class PlatformModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: PlatformModule,
      imports: [
        ConfigModule.forRoot(config),
        LoggingModule,
        ClockModule,
        GeoIpModule,
        RedisModule,
        DatabaseModule,
        KeysModule,
        StorageModule,
        MailModule,
        OutboundModule,
        AuditLogModule,
        JobsModule,
        WebhookEventsModule,
        RealtimePlatformModule,
        RateLimitModule,
        HealthModule.forRoot([DatabaseProbe, ClockProbe, RedisProbe, StorageProbe]),
        AccessModule,
        HttpModule,
        PagesModule,
        DiscoveryModule,
      ],
      providers: [BootChecks],
    };
  }
}
