import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisConfig } from '../config/index.js';

/** The connection for sign-ins under way: it fails at once while Redis is away. */
@Injectable()
export class SsoRedis implements OnApplicationShutdown {
  readonly redis: Redis;

  constructor(config: RedisConfig) {
    this.redis = new Redis(config.url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, lazyConnect: false });
    this.redis.on('error', () => undefined); // reported by the health check; ioredis reconnects by itself
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}
