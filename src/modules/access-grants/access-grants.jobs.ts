import { Injectable } from '@nestjs/common';
import { OnJob, type JobCounts } from '../../platform/jobs/on-job.js';
import { AccessGrantsService } from './access-grants.service.js';

@Injectable()
export class AccessGrantsJobs {
  constructor(private readonly grants: AccessGrantsService) {}

  @OnJob('access-grants.close', { emits: ['access_grant.expired'] })
  async close(): Promise<JobCounts> {
    return { closed: await this.grants.closeExpired() };
  }
}
