import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { RetentionPlan, RetentionPolicy } from './policy.js';
import { batchStatement, planStatement } from './policy-sql.js';

/** One recorded run of a policy. */
export interface RetentionRun {
  id: string;
  policy: string;
  status: 'queued' | 'running' | 'completed' | 'failed';
  requestedBy: string;
  cutoff: Date;
  planHash: string;
  due: number;
  removed: number;
  objects: number;
  batches: number;
  createdAt: Date;
  finishedAt: Date | null;
  [column: string]: unknown;
}

/** The columns of a run. Its status follows from its end time and from its job. */
const COLUMNS = `r.id, r.policy, r.requested_by AS "requestedBy", r.cutoff, encode(r.plan_hash, 'hex') AS "planHash",
  r.due::float8 AS due, r.removed::float8 AS removed, r.objects::float8 AS objects, r.batches,
  r.created_at AS "createdAt", r.finished_at AS "finishedAt",
  CASE WHEN r.finished_at IS NOT NULL THEN 'completed' WHEN o.state = 'failed' THEN 'failed'
       WHEN r.batches > 0 THEN 'running' ELSE 'queued' END AS status`;

/** Finds and removes due rows of the current organization, and records the runs. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the organization's own settings, as days by policy name. */
  async ownDays(): Promise<Map<string, number>> {
    const rows = await this.unitOfWork.sql<{ policy: string; days: number }>(
      'SELECT policy, days FROM retention_overrides WHERE org_id = $1',
      [currentContext().orgId],
    );
    return new Map(rows.map(({ policy, days }) => [policy, days]));
  }

  /**
   * Stores a setting. The database throws `retention_below_floor` when the days are below the minimum of the policy.
   */
  async setDays(policy: string, days: number): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO retention_overrides (org_id, policy, days) VALUES ($1, $2, $3)
       ON CONFLICT (org_id, policy) DO UPDATE SET days = EXCLUDED.days, updated_at = now()`,
      [currentContext().orgId, policy, days],
    );
  }

  /** Removes a setting. Returns false when there is none. */
  async resetDays(policy: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute('DELETE FROM retention_overrides WHERE org_id = $1 AND policy = $2', [
        currentContext().orgId,
        policy,
      ])) > 0
    );
  }

  async due(policy: RetentionPolicy, cutoff: Date): Promise<Pick<RetentionPlan, 'due' | 'oldest'>> {
    const { text, values } = planStatement(policy, currentContext().orgId, cutoff);
    const [row] = await this.unitOfWork.sql<{ due: string; oldest: Date | null }>(text, values);
    return { due: Number(row!.due), oldest: row!.oldest };
  }

  /** Removes one batch of due rows. Returns the number of rows and the keys of their stored objects. */
  async removeBatch(policy: RetentionPolicy, cutoff: Date): Promise<{ rows: number; objects: string[] }> {
    const { text, values } = batchStatement(policy, currentContext().orgId, cutoff);
    const rows = await this.unitOfWork.sql<{ object: string | null }>(text, values);
    return { rows: rows.length, objects: rows.flatMap(({ object }) => object ?? []) };
  }

  /** Stores a run. `jobId` is the id of its job. If no row is due, `jobId` is null and the run is stored as ended. */
  async insertRun(id: string, plan: RetentionPlan, dueSince: Date | null, jobId: string | null): Promise<void> {
    const { orgId, actor } = currentContext();
    await this.unitOfWork.execute(
      `INSERT INTO retention_runs (org_id, id, policy, requested_by, cutoff, plan_hash, due, due_since, outbox_id,
         finished_at)
       VALUES ($1, $2, $3, $4, $5, decode($6, 'hex'), $7, $8, $9, CASE WHEN $9::uuid IS NULL THEN now() END)`,
      [orgId, id, plan.policy, actor.id ?? actor.type, plan.cutoff, plan.planHash, plan.due, dueSince, jobId],
    );
  }

  /** Returns a run that has not ended. Returns null when there is none with this id. */
  async findOpen(id: string): Promise<{ policy: string; cutoff: Date } | null> {
    const [row] = await this.unitOfWork.sql<{ policy: string; cutoff: Date }>(
      'SELECT policy, cutoff FROM retention_runs WHERE org_id = $1 AND id = $2 AND finished_at IS NULL',
      [currentContext().orgId, id],
    );
    return row ?? null;
  }

  async addBatch(id: string, rows: number, objects: number): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE retention_runs SET removed = removed + $3, objects = objects + $4, batches = batches + 1
         WHERE org_id = $1 AND id = $2`,
      [currentContext().orgId, id, rows, objects],
    );
  }

  /** Ends a run and returns its counts. Returns null when the run had already ended. */
  async finish(id: string): Promise<Pick<RetentionRun, 'removed' | 'objects' | 'batches' | 'planHash'> | null> {
    const [row] = await this.unitOfWork.sql<Pick<RetentionRun, 'removed' | 'objects' | 'batches' | 'planHash'>>(
      `UPDATE retention_runs SET finished_at = now() WHERE org_id = $1 AND id = $2 AND finished_at IS NULL
       RETURNING removed::float8 AS removed, objects::float8 AS objects, batches,
         encode(plan_hash, 'hex') AS "planHash"`,
      [currentContext().orgId, id],
    );
    return row ?? null;
  }

  /** Returns a page of runs, newest first. `before` is the last id of the previous page. */
  list(policy: string | undefined, before: string | null, limit: number): Promise<RetentionRun[]> {
    const newest = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    return this.unitOfWork.sql<RetentionRun>(
      `SELECT ${COLUMNS} FROM retention_runs r LEFT JOIN outbox o ON o.org_id = r.org_id AND o.id = r.outbox_id
        WHERE r.org_id = $1 AND r.id < $2 ${policy === undefined ? '' : 'AND r.policy = $4'} ORDER BY r.id DESC
          LIMIT $3`,
      [currentContext().orgId, before ?? newest, limit, ...(policy === undefined ? [] : [policy])],
    );
  }

  /**
   * Returns the ids of all organizations. The list includes the organization of the installation itself. Requires the
   * worker's database role.
   */
  async organizations(): Promise<string[]> {
    return (await this.unitOfWork.queryOnce<{ id: string }>('SELECT app.organization_ids(true) AS id')).map(
      ({ id }) => id,
    );
  }

  /** Returns, for each policy, how many seconds the oldest due row of all organizations has been due. */
  overdue(): Promise<{ policy: string; seconds: number }[]> {
    return this.unitOfWork.queryOnce('SELECT policy, seconds FROM app.retention_overdue()');
  }
}
