import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { Clock } from '../../platform/clock/clock.js';
import { currentContext } from '../../platform/context/context.js';
import { enterOrganization } from '../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { Jobs } from '../../platform/jobs/jobs.js';
import { PermanentFailure, type JobCounts } from '../../platform/jobs/on-job.js';
import { cutoffOf, type RetentionPolicy } from './policy.js';
import { BATCH_ROWS } from './policy-sql.js';
import { RetentionRepository } from './retention.repository.js';
import { RetentionService } from './retention.service.js';

/** The maximum of rows per run. Another run removes the rest, so that each ends in time and with a certificate. */
const MAX_ROWS = 500_000;

/** Executes planned runs with the worker's role. Each batch has its own transaction, so a crash keeps finished ones. */
@Injectable()
export class RetentionRunner {
  constructor(
    private readonly repository: RetentionRepository,
    private readonly service: RetentionService,
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: Jobs,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Executes a run of the current organization to its end. Does nothing when it has ended, so it can be repeated.
   * Throws PermanentFailure when the policy no longer exists, or would remove rows below its floor.
   */
  async execute(runId: string, signal?: AbortSignal): Promise<JobCounts> {
    const run = await this.transaction(() => this.repository.findOpen(runId));
    if (run === null) return {};
    const policy = await this.transaction(() => this.service.find(run.policy));
    if (policy === undefined) throw new PermanentFailure('retention_policy_missing');
    if (run.cutoff > cutoffOf(policy, this.clock.now())) throw new PermanentFailure('retention_floor');
    let removed = 0;
    let rows: number;
    do {
      signal?.throwIfAborted();
      rows = await this.transaction(() => this.batch(runId, policy, run.cutoff));
      removed += rows;
    } while (rows === BATCH_ROWS && removed < MAX_ROWS);
    await this.transaction(() => this.certify(runId, policy, run.cutoff, rows === BATCH_ROWS));
    return { removed };
  }

  private async batch(runId: string, policy: RetentionPolicy, cutoff: Date): Promise<number> {
    const { rows, objects } = await this.repository.removeBatch(policy, cutoff);
    if (rows === 0) return 0;
    await Promise.all(objects.map((key) => this.jobs.enqueue('retention.remove_object', { key })));
    await this.repository.addBatch(runId, rows, objects.length);
    return rows;
  }

  private async certify(runId: string, policy: RetentionPolicy, cutoff: Date, more: boolean): Promise<void> {
    const done = await this.repository.finish(runId);
    if (done === null) return;
    const { removed, objects, batches, planHash } = done;
    this.audit.record('retention.completed', {
      target: { type: 'retention-run', id: runId },
      meta: { policy: policy.name, removed, objects, batches, cutoff: cutoff.toISOString(), planHash },
    });
    if (more) await this.service.startAgain(policy);
  }

  private transaction<T>(fn: () => Promise<T>): Promise<T> {
    return this.unitOfWork.run(enterOrganization(currentContext().orgId), fn);
  }
}
