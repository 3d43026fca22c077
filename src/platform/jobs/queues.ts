import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Queue } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { AppConfig, RedisConfig } from '../config/index.js';
import { declaration, type JobName } from '../feature/registry.js';

/** What a queue carries: where the job's row is. The row in the outbox is the truth. */
export interface QueueItem {
  orgId: string;
  id: string;
}

/** The BullMQ queues, one a job, and the Redis connections below them. */
@Injectable()
export class Queues implements OnModuleInit, OnApplicationShutdown {
  private readonly queues = new Map<string, Queue<QueueItem>>();
  private readonly connections: Redis[] = [];
  private producer: Redis | undefined;

  constructor(
    private readonly redis: RedisConfig,
    private readonly app: AppConfig,
  ) {}

  /** Connects at the start, so that readiness tells the truth from the first question. */
  onModuleInit(): void {
    this.producerConnection();
  }

  /** Keys of one environment, in one slot of a Redis Cluster. */
  get prefix(): string {
    return `{vouchsafe:${this.app.environment}}`;
  }

  /** A connection that waits as long as it takes: for workers. */
  workerConnection(): Redis {
    return this.connect({ maxRetriesPerRequest: null });
  }

  /** The connection that hands out work: fails at once while Redis is away, so that nothing hangs on it. */
  producerConnection(): Redis {
    this.producer ??= this.connect({ maxRetriesPerRequest: 1, enableOfflineQueue: false });
    return this.producer;
  }

  /** Adds jobs to the queue of one kind; a job that is there already is left as it is. Throws when Redis is away. */
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

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled([...this.queues.values()].map((queue) => queue.close()));
    for (const connection of this.connections) connection.disconnect();
  }

  private queue(job: string): Queue<QueueItem> {
    let queue = this.queues.get(job);
    if (queue === undefined) {
      queue = new Queue<QueueItem>(job, {
        connection: this.producerConnection(),
        prefix: this.prefix,
        skipWaitingForReady: true,
      });
      queue.on('error', () => undefined); // the connection's own listener reports; a queue without one would throw
      this.queues.set(job, queue);
    }
    return queue;
  }

  private connect(options: RedisOptions): Redis {
    const connection = new Redis(this.redis.url, {
      ...options,
      retryStrategy: (times: number) => Math.min(100 * times, 2_000),
    });
    connection.on('error', () => undefined); // reported by the health check; ioredis reconnects by itself
    this.connections.push(connection);
    return connection;
  }
}
