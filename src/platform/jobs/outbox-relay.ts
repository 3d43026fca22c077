import { Injectable, Logger } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work.js';
import { declared, type JobName } from '../feature/registry.js';
import { RedisConnections } from '../redis/index.js';
import { Queues, type QueueItem } from './queues.js';

const PER_LANE = 32;
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
 * Moves work from the outbox to the queues, fairly: every lane in turn, few of each in flight. The database remembers
 * what was handed out; what does not come to an end within its lease, or was lost with Redis, is handed out again.
 */
@Injectable()
export class OutboxRelay {
  private readonly log = new Logger('OutboxRelay');
  private readonly leases: string;
  private readonly duties: string[];
  private stopping = false;
  private running: Promise<void> = Promise.resolve();
  private queueLostMemory = false;
  private reclaimAt = 0;

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

  /** Starts moving, until `stop`. */
  start(): void {
    this.redis.shared.on('close', () => {
      this.queueLostMemory = true;
    });
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** One round: gives back what was lost, hands out what is due. Returns how many it handed out. */
  async poll(): Promise<number> {
    await this.reclaim();
    const claimed = await this.unitOfWork.queryOnce<Claimed>('SELECT * FROM app.claim_outbox($1, $2, $3)', [
      PER_LANE,
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
    const everything = this.queueLostMemory && redis.status === 'ready';
    if (!everything && Date.now() < this.reclaimAt) return;
    const [row] = await this.unitOfWork.queryOnce<{ count: string }>('SELECT app.reclaim_outbox($1) AS count', [
      everything,
    ]);
    if (everything) this.queueLostMemory = false;
    this.reclaimAt = Date.now() + RECLAIM_MS;
    if (Number(row!.count) > 0) this.log.log(`${row!.count} jobs did not come to an end and are handed out again`);
  }

  private async loop(): Promise<void> {
    while (!this.stopping) {
      const moved = await this.attempt();
      if (moved === 0) await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    }
  }

  /** Without Redis nothing is claimed; without either, the next round tries again. */
  private async attempt(): Promise<number> {
    if (this.redis.shared.status !== 'ready') return 0;
    try {
      return await this.poll();
    } catch (error) {
      this.queueLostMemory = true;
      this.log.warn('handing out jobs failed, trying again', error);
      return 0;
    }
  }
}
