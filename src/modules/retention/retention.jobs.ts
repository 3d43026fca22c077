import { Injectable } from '@nestjs/common';
import {
  OnJob,
  PermanentFailure,
  type JobContext,
  type JobCounts,
  type JobPayload,
} from '../../platform/jobs/on-job.js';
import { EncryptedStorage, parseObjectKey } from '../../platform/storage/index.js';
import { RetentionRunner } from './retention.runner.js';
import { RetentionService } from './retention.service.js';

/** Runs retention jobs in the worker. */
@Injectable()
export class RetentionJobs {
  constructor(
    private readonly service: RetentionService,
    private readonly runner: RetentionRunner,
    private readonly storage: EncryptedStorage,
  ) {}

  @OnJob('retention.nightly')
  planAll(): Promise<JobCounts> {
    return this.service.startAll();
  }

  @OnJob('retention.run', { transaction: 'own', emits: ['retention.completed'] })
  run({ runId }: JobPayload, { signal }: JobContext): Promise<JobCounts> {
    return this.runner.execute(runId as string, signal);
  }

  /** The row is already deleted, so only this job knows the object. */
  @OnJob('retention.remove_object', { transaction: 'own' })
  async removeObject({ key }: JobPayload, { orgId }: JobContext): Promise<void> {
    if (parseObjectKey(key as string).orgId !== orgId) throw new PermanentFailure('retention_foreign_object');
    await this.storage.delete(key as string);
  }
}
