import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DatabaseConfig } from '../config/index.js';
import { DatabaseProbe } from './database.probe.js';
import { isConnectionError } from './errors.js';
import { START } from './resilience.js';
import { RoleCheck } from './role-check.js';
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
        toRetry: isConnectionError,
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
        },
      }),
    }),
  ],
  providers: [UnitOfWork, RoleCheck, DatabaseProbe],
  exports: [UnitOfWork, DatabaseProbe],
})
export class DatabaseModule {}
