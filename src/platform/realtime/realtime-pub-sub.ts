import { Injectable, type OnModuleInit } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Queues } from '../jobs/queues.js';
import { RedisConnections } from '../redis/index.js';
import { isLive, realtimeStatements } from './realtime-rows.js';

/**
 * Tells the processes that listeners of an organization may have something to read. Only the organization's id travels,
 * by
 * Redis and at best: whoever listens looks by itself now and then, so that a call that is lost costs seconds and no
 * event.
 */
@Injectable()
export class RealtimePubSub implements OnModuleInit {
  private readonly channel: string;

  constructor(
    queues: Queues,
    private readonly redis: RedisConnections,
    private readonly unitOfWork: UnitOfWork,
  ) {
    this.channel = `${queues.prefix}:live`;
  }

  /** Writes the real-time rows of each transaction before its commit, and wakes the listeners after it. */
  onModuleInit(): void {
    this.unitOfWork.beforeCommit((transaction) => {
      const orgIds = new Set(transaction.log.filter(({ facts }) => isLive(facts.type)).map(({ facts }) => facts.orgId));
      if (orgIds.size > 0) transaction.afterCommit(() => orgIds.forEach((orgId) => this.wake(orgId)));
      return realtimeStatements(transaction.log);
    });
  }

  /** Wakes an organization's listeners in every process; never throws, never waits. */
  wake(orgId: string): void {
    this.redis.shared.publish(this.channel, orgId).catch(() => undefined);
  }

  /**
   * Has a function called with the id of each organization that something happened in, for as long as the process runs.
   */
  listen(heard: (orgId: string) => void): void {
    const subscriber = this.redis.blocking();
    subscriber.on('message', (_channel, orgId) => heard(orgId));
    subscriber.subscribe(this.channel).catch(() => undefined); // ioredis subscribes again whenever it has reconnected
  }
}
