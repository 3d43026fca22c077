import { Injectable } from '@nestjs/common';
import { currentContext } from '../context/context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { JobCounts, JobPayload } from './on-job.js';

interface OpenRow {
  payload: JobPayload;
  [column: string]: unknown;
}

/** A job's row in the outbox of the current organization: the one place that says whether it is done. */
@Injectable()
export class OutboxRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The row, unless the job is over. */
  async open(id: string): Promise<OpenRow | null> {
    const [row] = await this.unitOfWork.sql<OpenRow>(
      `SELECT payload FROM outbox WHERE org_id = $1 AND id = $2 AND state IN ('pending', 'dispatched')`,
      [currentContext().orgId, id],
    );
    return row ?? null;
  }

  /**
   * Marks the job done, in the transaction of its effect: a second run waits for the first and then finds nothing to
   * do. Null when the job is over already.
   */
  async finish(id: string): Promise<OpenRow | null> {
    const [row] = await this.unitOfWork.sql<OpenRow>(
      `UPDATE outbox SET state = 'done', finished_at = now(), leased_until = NULL
        WHERE org_id = $1 AND id = $2 AND state IN ('pending', 'dispatched') RETURNING payload`,
      [currentContext().orgId, id],
    );
    return row ?? null;
  }

  /** Closes the scheduled run that asked for the job, if one did. */
  async finishRun(id: string, counts: JobCounts | void): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE job_runs SET status = 'succeeded', finished_at = now(), counts = $3 WHERE org_id = $1 AND outbox_id = $2`,
      [currentContext().orgId, id, JSON.stringify(counts ?? {})],
    );
  }

  /** Marks the job dead, and the scheduled run that asked for it failed. False when it was over already. */
  async moveToFailed(id: string, errorCode: string): Promise<boolean> {
    const { orgId } = currentContext();
    const buried = await this.unitOfWork.execute(
      `UPDATE outbox SET state = 'failed', finished_at = now(), leased_until = NULL, error_code = $3
        WHERE org_id = $1 AND id = $2 AND state IN ('pending', 'dispatched')`,
      [orgId, id, errorCode],
    );
    await this.unitOfWork.execute(
      `UPDATE job_runs SET status = 'failed', finished_at = now(), error_code = $3 WHERE org_id = $1
         AND outbox_id = $2`,
      [orgId, id, errorCode],
    );
    return buried > 0;
  }
}
