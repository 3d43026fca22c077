import { Injectable, Logger } from '@nestjs/common';
import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import { AuditLog } from '../audit/audit-log.js';
import { Context, withContext } from '../context/context.js';
import { enterOrganization } from '../database/tenant-context.js';
import { isUnavailable } from '../database/errors.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { declaration } from '../feature/registry.js';
import { Problem } from '../problem/problem.js';
import { JobHandlers, type BoundHandler } from './handlers.js';
import { PermanentFailure, type JobContext, type JobCounts } from './on-job.js';
import { OutboxRepository } from './outbox.repository.js';
import { RedisConnections } from '../redis/index.js';
import { Queues, type QueueItem } from './queues.js';

const OUTAGE_MS = 3_000;

/** Processes jobs from the queues with their handlers, each in its organization. */
@Injectable()
export class JobRunner {
  private readonly log = new Logger('JobRunner');
  private workers: Worker<QueueItem>[] = [];

  constructor(
    private readonly handlers: JobHandlers,
    private readonly queues: Queues,
    private readonly redis: RedisConnections,
    private readonly unitOfWork: UnitOfWork,
    private readonly rows: OutboxRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Starts one BullMQ worker per job type. */
  start(): void {
    this.workers = [...this.handlers.byJob().values()].map((handler) => {
      const worker = new Worker<QueueItem>(handler.job, (job, token) => this.process(handler, job, token), {
        connection: this.redis.blocking(),
        prefix: this.queues.prefix,
        concurrency: declaration('jobs', handler.job).concurrency,
        lockDuration: 15_000,
        stalledInterval: 5_000,
        maxStalledCount: 10,
      });
      worker.on('failed', (job, error) => void this.failed(handler, job, error));
      worker.on('error', () => undefined); // readiness reports a Redis outage
      return worker;
    });
  }

  /** Stops claiming jobs and waits for running jobs until the deadline. The locks of unfinished jobs then expire. */
  async stop(deadlineMs: number): Promise<void> {
    const closing = Promise.allSettled(this.workers.map((worker) => worker.close()));
    const deadline = new Promise((resolve) => setTimeout(resolve, deadlineMs).unref());
    await Promise.race([closing, deadline]);
  }

  /** Runs a job once. Does nothing if another run has already finished it. */
  async process(handler: BoundHandler, bull: Job<QueueItem>, token?: string): Promise<void> {
    const { data, attemptsMade } = bull;
    const seconds = declaration('jobs', handler.job).timeoutSeconds;
    const job: JobContext = { ...data, attempt: attemptsMade + 1, signal: AbortSignal.timeout(seconds * 1_000) };
    await withContext(this.context(handler, data), async () => {
      try {
        await (handler.transaction === 'own' ? this.runAlone(handler, job) : this.runShared(handler, job));
      } catch (error) {
        // During a database outage, the job waits and keeps its attempts.
        if (!isUnavailable(error)) {
          this.log.warn(`job ${handler.job} ${data.id} failed at attempt ${job.attempt}`, error);
          throw sanitized(error);
        }
        await bull.moveToDelayed(Date.now() + OUTAGE_MS, token);
        throw new DelayedError();
      }
    });
  }

  private runShared(handler: BoundHandler, job: JobContext): Promise<void> {
    return this.unitOfWork.run(enterOrganization(job.orgId), async () => {
      const row = await this.rows.finish(job.id);
      if (row === null) return;
      await this.rows.finishRun(job.id, await withTimeout(job.signal, handler.run(row.payload, job)));
    });
  }

  private async runAlone(handler: BoundHandler, job: JobContext): Promise<void> {
    const tenant = enterOrganization(job.orgId);
    const row = await this.unitOfWork.run(tenant, () => this.rows.open(job.id));
    if (row === null) return;
    const counts = await withTimeout(job.signal, handler.run(row.payload, job));
    await this.unitOfWork.run(tenant, async () => {
      await this.rows.finish(job.id);
      await this.rows.finishRun(job.id, counts);
    });
  }

  private async failed(handler: BoundHandler, job: Job<QueueItem> | undefined, error: Error): Promise<void> {
    if (job === undefined) return;
    const last = error instanceof UnrecoverableError || job.attemptsMade >= declaration('jobs', handler.job).attempts;
    if (!last) return;
    this.log.warn(`job ${handler.job} ${job.data.id} failed its last attempt`);
    await withContext(this.context(handler, job.data), () => this.moveToFailed(handler, job.data, error)).catch(
      (cause: unknown) => {
        // The lease expires and the relay publishes the job again, so the failure is not lost.
        this.log.error(`job ${job.data.id} could not be marked as failed`, cause);
      },
    );
  }

  private moveToFailed(handler: BoundHandler, { orgId, id }: QueueItem, error: Error): Promise<void> {
    const code = /^[a-z_]+$/.test(error.message) ? error.message : 'internal';
    return this.unitOfWork.run(enterOrganization(orgId), async () => {
      if (!(await this.rows.moveToFailed(id, code))) return;
      this.audit.record('job.failed', {
        outcome: 'failure',
        target: { type: 'job', id },
        meta: { job: handler.job, error: code },
      });
    });
  }

  private context(handler: BoundHandler, { orgId, id }: QueueItem): Context {
    const actor = { type: 'system', id: `job:${handler.job}` } as const;
    return new Context({ requestId: id, orgId, actor, emits: handler.emits });
  }
}

/**
 * Returns the error for BullMQ with its code only. Redis stores it in plain text, and a database error message quotes
 * the row.
 */
function sanitized(error: unknown): Error {
  if (error instanceof PermanentFailure) return stackless(new UnrecoverableError(error.code));
  return stackless(new Error(error instanceof Problem ? error.code : 'internal'));
}

function stackless(error: Error): Error {
  error.stack = '';
  return error;
}

/** Returns the result of the handler. Throws when the timeout expires. */
async function withTimeout(signal: AbortSignal, work: Promise<JobCounts | void>): Promise<JobCounts | void> {
  let expire!: () => void;
  const expired = new Promise<never>((_resolve, reject) => {
    expire = () => reject(new Error('the job exceeded its timeout'));
    signal.addEventListener('abort', expire, { once: true });
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    signal.removeEventListener('abort', expire);
  }
}
