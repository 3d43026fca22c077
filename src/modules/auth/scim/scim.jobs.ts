import { Injectable } from '@nestjs/common';
import { withIdentity } from '../../../platform/context/context.js';
import { OnJob, type JobCounts, type JobPayload } from '../../../platform/jobs/on-job.js';
import { MEMBER_EVENTS, ScimLog } from './scim-log.js';
import { ScimRepository } from './scim.repository.js';

/** Other requests of the organization wait for one batch at most. */
const MEMBERS_PER_JOB = 100;

/** Applies a change of large groups to the roles of their members. */
@Injectable()
export class ScimJobs {
  constructor(
    private readonly scim: ScimRepository,
    private readonly log: ScimLog,
  ) {}

  /** The database enqueues this job in the transaction that changes the groups. The SCIM client is the actor. */
  @OnJob('scim.settle', { emits: MEMBER_EVENTS })
  async settle({ connectionId }: JobPayload): Promise<JobCounts> {
    const id = String(connectionId);
    const changes = await this.scim.settle(id, MEMBERS_PER_JOB);
    withIdentity({ actor: { type: 'source', id } }, () => this.log.record(changes, 'no_role'));
    return { changed: changes.length };
  }
}
