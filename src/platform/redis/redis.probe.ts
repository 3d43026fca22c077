import { Injectable } from '@nestjs/common';
import { RedisConnections } from './redis-connections.js';

/** Checks that Redis responds. */
@Injectable()
export class RedisProbe {
  readonly name = 'redis';

  constructor(private readonly redis: RedisConnections) {}

  async check(): Promise<void> {
    await this.redis.shared.ping();
  }
}
