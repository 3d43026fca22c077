import { Injectable } from '@nestjs/common';
import { Queues } from './queues.js';

/** Whether Redis answers. */
@Injectable()
export class RedisProbe {
  readonly name = 'redis';

  constructor(private readonly queues: Queues) {}

  async check(): Promise<void> {
    await this.queues.producerConnection().ping();
  }
}
