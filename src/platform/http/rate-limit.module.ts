import { Global, Module } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { AppLogger } from '../logging/logger.js';
import { RedisConnections } from '../redis/index.js';
import { LocalRateLimiter, RATE_LIMIT_REDIS, RateLimiter } from './rate-limit.js';
import { COUNT_IN_REDIS } from './sliding-window.js';

/** Opens the Redis connection. A command fails after 250 ms; then the local limit of the process applies. */
function connect(connections: RedisConnections, logger: AppLogger): Redis {
  const redis = connections.open({
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 250,
    connectTimeout: 2000,
    scripts: { countUse: { lua: COUNT_IN_REDIS, numberOfKeys: 1 } },
  });
  redis.on('error', (err: Error) => logger.debug('rate limits count locally: Redis is unavailable', { err }));
  return redis;
}

/** Rate limits, shared through Redis or local to the process. */
@Global()
@Module({
  providers: [
    { provide: RATE_LIMIT_REDIS, inject: [RedisConnections, AppLogger], useFactory: connect },
    RateLimiter,
    LocalRateLimiter,
  ],
  exports: [RateLimiter, LocalRateLimiter],
})
export class RateLimitModule {}
