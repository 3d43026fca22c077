import { Injectable } from '@nestjs/common';
import { OnJob, type JobCounts } from '../../platform/jobs/on-job.js';
import { AuditRepository } from './audit.repository.js';

const MONTHS_AHEAD = 12;

/** Creates audit log partitions in advance. */
@Injectable()
export class AuditJobs {
  constructor(private readonly repository: AuditRepository) {}

  @OnJob('audit.partitions')
  async ensurePartitions(): Promise<JobCounts> {
    return { partitions: await this.repository.ensurePartitions(MONTHS_AHEAD) };
  }
}
