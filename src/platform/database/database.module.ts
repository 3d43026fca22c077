import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DatabaseConfig } from '../config/index.js';
import { ClockProbe } from './clock.probe.js';
import { DatabaseProbe } from './database.probe.js';
import { isUnavailable } from './errors.js';
import { START } from './resilience.js';
import { RoleCheck } from './role-check.js';
import { RoleSettings } from './role-settings.js';
import { startupOptions } from './session-settings.js';
import { columnTypes } from './timestamps.js';
import { UnitOfWork } from './unit-of-work.js';

/** Provides Postgres access: the TypeORM data source with a pipelining pool, and the unit of work. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [DatabaseConfig],
      useFactory: (config: DatabaseConfig) => ({
        type: 'postgres' as const,
        url: config.url,
        retryAttempts: config.isCommand ? 5 : START.attempts,
        retryDelay: START.delayMs,
        toRetry: isUnavailable,
        installExtensions: false,
        poolErrorHandler: () => undefined, // the pool replaces a lost idle connection; a busy one rejects its query
        extra: {
          max: config.poolSize,
          pipeline: true,
          types: columnTypes,
          connectionTimeoutMillis: 5_000,
          idleTimeoutMillis: 30_000,
          query_timeout: 35_000,
          keepAlive: true,
          options: startupOptions(config),
        },
      }),
    }),
  ],
  providers: [UnitOfWork, RoleCheck, RoleSettings, DatabaseProbe, ClockProbe],
  exports: [UnitOfWork, DatabaseProbe, ClockProbe],
})
export class DatabaseModule {}
