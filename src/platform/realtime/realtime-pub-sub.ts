import { Injectable, type OnModuleInit } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Queues } from '../jobs/queues.js';
import { RedisConnections } from '../redis/index.js';
import { isRealtime, realtimeStatements } from './realtime-rows.js';

/**
 * Notifies all processes that subscribers of an organization may have new events. Redis transports only the
 * organization id, at most once. Subscribers also poll, so a lost message delays events by seconds but loses none.
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

  /** Writes the real-time rows of each transaction before its commit and wakes the subscribers after it. */
  onModuleInit(): void {
    this.unitOfWork.beforeCommit((transaction) => {
      const orgIds = new Set(
        transaction.log.filter(({ facts }) => isRealtime(facts.type)).map(({ facts }) => facts.orgId),
      );
      if (orgIds.size > 0) transaction.afterCommit(() => orgIds.forEach((orgId) => this.wake(orgId)));
      return realtimeStatements(transaction.log);
    });
  }

  /** Wakes the subscribers of an organization in all processes. Never throws and does not wait. */
  wake(orgId: string): void {
    this.redis.shared.publish(this.channel, orgId).catch(() => undefined);
  }

  /** Calls a function with the id of each organization that has new events, for the lifetime of the process. */
  listen(onMessage: (orgId: string) => void): void {
    const subscriber = this.redis.blocking();
    subscriber.on('message', (_channel, orgId) => onMessage(orgId));
    subscriber.subscribe(this.channel).catch(() => undefined); // ioredis subscribes again after each reconnection
  }
}
