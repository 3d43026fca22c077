import { Injectable } from '@nestjs/common';
import { Queues } from '../jobs/queues.js';

/**
 * Tells the processes that listeners of an organization may have something to read. Only the organization's id travels,
 * by
 * Redis and at best: whoever listens looks by itself now and then, so that a call that is lost costs seconds and no
 * event.
 */
@Injectable()
export class WakeUps {
  private readonly channel: string;

  constructor(private readonly queues: Queues) {
    this.channel = `${queues.prefix}:live`;
  }

  /** Wakes an organization's listeners in every process; never throws, never waits. */
  wake(orgId: string): void {
    this.queues
      .producerConnection()
      .publish(this.channel, orgId)
      .catch(() => undefined);
  }

  /**
   * Has a function called with the id of each organization that something happened in, for as long as the process runs.
   */
  listen(heard: (orgId: string) => void): void {
    const subscriber = this.queues.workerConnection();
    subscriber.on('message', (_channel, orgId) => heard(orgId));
    subscriber.subscribe(this.channel).catch(() => undefined); // ioredis subscribes again whenever it has reconnected
  }
}
