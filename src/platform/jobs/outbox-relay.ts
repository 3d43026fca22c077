import { Injectable, Logger } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work.js';
import { declared, type JobName } from '../feature/registry.js';
import { RedisConnections } from '../redis/index.js';
import { Queues, type QueueItem } from './queues.js';

const MAX_IN_FLIGHT_PER_GROUP = 32;
const IDLE_MS = 50;
const RECLAIM_MS = 5_000;
const LEASE_MARGIN_SECONDS = 30;

interface Claimed {
  org_id: string;
  id: string;
  job: JobName;
  [column: string]: unknown;
}

/**
 * Publishes jobs from the outbox to the queues, with a limited number in flight per group key. The database stores
 * which jobs were published. A job that does not finish within its lease, or that Redis lost, is published again.
 */
@Injectable()
export class OutboxRelay {
  private readonly log = new Logger('OutboxRelay');
  private readonly leases: string;
  private readonly duties: string[];
  private stopping = false;
  private running: Promise<void> = Promise.resolve();
  private queueLostData = false;
  private reclaimAt = 0;
  private failing = false;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly queues: Queues,
    private readonly redis: RedisConnections,
  ) {
    this.leases = JSON.stringify(
      Object.fromEntries(
        [...declared('jobs')].map(([name, { timeoutSeconds }]) => [name, timeoutSeconds + LEASE_MARGIN_SECONDS]),
      ),
    );
    this.duties = [...declared('jobs')].filter(([, { runWhenSuspended }]) => runWhenSuspended).map(([name]) => name);
  }

  /** Starts publishing until `stop`. */
  start(): void {
    this.redis.shared.on('close', () => {
      this.queueLostData = true;
    });
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** Reclaims lost jobs and publishes the claimed jobs. Returns their number. */
  async poll(): Promise<number> {
    await this.reclaim();
    const claimed = await this.unitOfWork.queryOnce<Claimed>('SELECT * FROM app.claim_outbox($1, $2, $3)', [
      MAX_IN_FLIGHT_PER_GROUP,
      this.leases,
      this.duties,
    ]);
    const byJob = Map.groupBy(claimed, ({ job }) => job);
    for (const [job, rows] of byJob) {
      await this.queues.add(
        job,
        rows.map(({ org_id: orgId, id }): QueueItem => ({ orgId, id })),
      );
    }
    return claimed.length;
  }

  private async reclaim(): Promise<void> {
    const redis = this.redis.shared;
    const everything = this.queueLostData && redis.status === 'ready';
    if (!everything && Date.now() < this.reclaimAt) return;
    const [row] = await this.unitOfWork.queryOnce<{ count: string }>('SELECT app.reclaim_outbox($1) AS count', [
      everything,
    ]);
    if (everything) this.queueLostData = false;
    this.reclaimAt = Date.now() + RECLAIM_MS;
    if (Number(row!.count) > 0) this.log.log(`${row!.count} jobs exceeded their lease and are published again`);
  }

  private async loop(): Promise<void> {
    while (!this.stopping) {
      const published = await this.attempt();
      if (published === 0) await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    }
  }

  /**
   * Polls once and returns the number of published jobs. Claims nothing while Redis is unavailable; the loop retries
   * after an error.
   */
  private async attempt(): Promise<number> {
    if (this.redis.shared.status !== 'ready') return 0;
    try {
      const published = await this.poll();
      this.failing = false;
      return published;
    } catch (error) {
      this.queueLostData = true;
      if (!this.failing) this.log.warn('publishing jobs failed, retrying', error);
      this.failing = true;
      return 0;
    }
  }
}
