import { Injectable } from '@nestjs/common';
import { RedisConnections } from './redis-connections.js';

/** Reports whether Redis answers. */
@Injectable()
export class RedisProbe {
  readonly name = 'redis';

  constructor(private readonly redis: RedisConnections) {}

  async check(): Promise<void> {
    await this.redis.shared.ping();
  }
}
