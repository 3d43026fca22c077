import { Injectable } from '@nestjs/common';
import { currentContext } from '../context/context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { JobCounts, JobPayload } from './on-job.js';

interface OpenRow {
  payload: JobPayload;
  [column: string]: unknown;
}

/** The outbox row of a job in the current organization. Only this row determines whether the job is done. */
@Injectable()
export class OutboxRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the row of an unfinished job, or null. */
  async open(id: string): Promise<OpenRow | null> {
    const [row] = await this.unitOfWork.sql<OpenRow>(
      `SELECT payload FROM outbox WHERE org_id = $1 AND id = $2 AND state IN ('pending', 'dispatched')`,
      [currentContext().orgId, id],
    );
    return row ?? null;
  }

  /**
   * Marks the job done in the transaction of its effect. A concurrent second run waits for the first and then gets
   * null. Returns null when the job has already finished.
   */
  async finish(id: string): Promise<OpenRow | null> {
    const [row] = await this.unitOfWork.sql<OpenRow>(
      `UPDATE outbox SET state = 'done', finished_at = now(), leased_until = NULL
        WHERE org_id = $1 AND id = $2 AND state IN ('pending', 'dispatched') RETURNING payload`,
      [currentContext().orgId, id],
    );
    return row ?? null;
  }

  /** Completes the scheduled run of the job, if there is one. */
  async finishRun(id: string, counts: JobCounts | void): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE job_runs SET status = 'succeeded', finished_at = now(), counts = $3 WHERE org_id = $1 AND outbox_id = $2`,
      [currentContext().orgId, id, JSON.stringify(counts ?? {})],
    );
  }

  /** Marks the job and its scheduled run as failed. Returns false when the job has already finished. */
  async moveToFailed(id: string, errorCode: string): Promise<boolean> {
    const { orgId } = currentContext();
    const updated = await this.unitOfWork.execute(
      `UPDATE outbox SET state = 'failed', finished_at = now(), leased_until = NULL, error_code = $3
        WHERE org_id = $1 AND id = $2 AND state IN ('pending', 'dispatched')`,
      [orgId, id, errorCode],
    );
    await this.unitOfWork.execute(
      `UPDATE job_runs SET status = 'failed', finished_at = now(), error_code = $3 WHERE org_id = $1
         AND outbox_id = $2`,
      [orgId, id, errorCode],
    );
    return updated > 0;
  }
}
