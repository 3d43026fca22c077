import { Global, Inject, Module } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisConfig } from '../config/services.config.js';
import { AppLogger } from '../logging/logger.js';
import { LocalRateLimiter, RATE_LIMIT_REDIS, RateLimiter } from './rate-limit.js';
import { COUNT_IN_REDIS } from './sliding-window.js';

/**
 * A request never waits long for its count: a Redis that is away or slow is passed over for the local, narrower count.
 */
function connect(config: RedisConfig, logger: AppLogger): Redis {
  const redis = new Redis(config.url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 250,
    connectTimeout: 2000,
    scripts: { countUse: { lua: COUNT_IN_REDIS, numberOfKeys: 1 } },
  });
  redis.on('error', (err: Error) => logger.debug('rate limits count locally: Redis is away', { err }));
  return redis;
}

/** Rate limits, shared through Redis or local to the process. */
@Global()
@Module({
  providers: [
    { provide: RATE_LIMIT_REDIS, inject: [RedisConfig, AppLogger], useFactory: connect },
    RateLimiter,
    LocalRateLimiter,
  ],
  exports: [RateLimiter, LocalRateLimiter],
})
export class RateLimitModule implements OnApplicationShutdown {
  constructor(@Inject(RATE_LIMIT_REDIS) private readonly redis: Redis) {}

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}
