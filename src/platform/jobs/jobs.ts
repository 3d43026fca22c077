import { Injectable } from '@nestjs/common';
import { newId } from '../clock/id.js';
import { currentContext } from '../context/context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { JobName } from '../feature/registry.js';
import type { JobPayload } from './on-job.js';

export interface EnqueueOptions {
  /**
   * The fairness group. Each group has a limited number of jobs in flight, so that a busy group does not delay others.
   * Default: job and organization.
   */
  groupKey?: string;
  /** Jobs with the same order key in a group run one after another in the order of their enqueueing. */
  orderKey?: string;
  delaySeconds?: number;
}

/** Enqueues jobs for the worker. A job exists only if the current transaction commits. */
@Injectable()
export class Jobs {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Enqueues a job and returns its id. */
  async enqueue(
    job: JobName,
    payload: JobPayload,
    { groupKey, orderKey, delaySeconds = 0 }: EnqueueOptions = {},
  ): Promise<string> {
    const { orgId, requestId } = currentContext();
    const id = newId();
    await this.unitOfWork.execute(
      `INSERT INTO outbox (org_id, id, job, group_key, order_key, payload, request_id, available_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8))`,
      [
        orgId,
        id,
        job,
        `${orgId}:${groupKey ?? job}`,
        orderKey ?? null,
        JSON.stringify(payload),
        requestId,
        delaySeconds,
      ],
    );
    return id;
  }
}
