import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Queue } from 'bullmq';
import { AppConfig } from '../config/index.js';
import { declaration, type JobName } from '../feature/registry.js';
import { RedisConnections } from '../redis/index.js';

/** A queue item refers to the outbox row of the job, which is the source of truth. */
export interface QueueItem {
  orgId: string;
  id: string;
}

/** The BullMQ queues, one per job type. */
@Injectable()
export class Queues implements BeforeApplicationShutdown {
  private readonly queues = new Map<string, Queue<QueueItem>>();

  constructor(
    private readonly redis: RedisConnections,
    private readonly app: AppConfig,
  ) {}

  /** The key prefix of the environment. The hash tag keeps all keys in one slot of a Redis Cluster. */
  get prefix(): string {
    return `{vouchsafe:${this.app.environment}}`;
  }

  /** Adds jobs to the queue of their type. An existing job is not changed. Throws when Redis is unavailable. */
  async add(job: JobName, items: QueueItem[]): Promise<void> {
    const { attempts, backoffSeconds } = declaration('jobs', job);
    await this.queue(job).addBulk(
      items.map((item) => ({
        name: job,
        data: item,
        opts: {
          jobId: item.id,
          attempts,
          backoff: { type: 'exponential', delay: backoffSeconds * 1_000, jitter: 0.3 },
          removeOnComplete: true,
          removeOnFail: true,
        },
      })),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.allSettled([...this.queues.values()].map((queue) => queue.close()));
  }

  private queue(job: string): Queue<QueueItem> {
    let queue = this.queues.get(job);
    if (queue === undefined) {
      queue = new Queue<QueueItem>(job, {
        connection: this.redis.shared,
        prefix: this.prefix,
        skipWaitingForReady: true,
      });
      queue.on('error', () => undefined); // the connection logs the error; without a listener the queue would throw
      this.queues.set(job, queue);
    }
    return queue;
  }
}
