import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/index.js';
import { RedisConnections } from './redis-connections.js';

const EXPIRES_MS = 5_000;

/** Checks that Redis accepts a write. A replica, a full memory, or a full disk answers PING and rejects writes. */
@Injectable()
export class RedisProbe {
  readonly name = 'redis';

  constructor(
    private readonly redis: RedisConnections,
    private readonly app: AppConfig,
  ) {}

  async check(): Promise<void> {
    await this.redis.shared.set(`readiness:${this.app.environment}`, '1', 'PX', EXPIRES_MS);
  }
}
