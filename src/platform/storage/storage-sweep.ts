import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { OnJob, type JobCounts } from '../jobs/on-job.js';
import { EncryptedStorage } from './encrypted-storage.js';

/** No write takes longer: exports are cut off long before. */
const HOUR_MS = 3_600_000;

/** Removes what writers left that died halfway. */
@Injectable()
export class StorageSweep {
  constructor(
    private readonly storage: EncryptedStorage,
    private readonly clock: Clock,
  ) {}

  @OnJob('storage.sweep')
  async sweep(): Promise<JobCounts> {
    return { removed: await this.storage.removeUnfinished(new Date(this.clock.millis() - HOUR_MS)) };
  }
}
