import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { AppConfig } from './app.config.js';
import type { Config } from './config.types.js';
import { DatabaseConfig } from './database.config.js';
import { HttpConfig } from './http.config.js';
import { MailConfig } from './mail.config.js';
import { OperatorConfig } from './operator.config.js';
import { OutboundConfig } from './outbound.config.js';
import { RedisConfig, SecurityConfig, StorageConfig } from './services.config.js';

/** Provides each part of the configuration to all modules under its class. */
@Module({})
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    const providers = [
      { provide: AppConfig, useValue: config.app },
      { provide: HttpConfig, useValue: config.http },
      { provide: DatabaseConfig, useValue: config.database },
      { provide: RedisConfig, useValue: config.redis },
      { provide: SecurityConfig, useValue: config.security },
      { provide: StorageConfig, useValue: config.storage },
      { provide: MailConfig, useValue: config.mail },
      { provide: OutboundConfig, useValue: config.outbound },
      { provide: OperatorConfig, useValue: config.operator },
    ];
    return { module: ConfigModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
