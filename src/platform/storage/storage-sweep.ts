import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { OnJob, type JobCounts } from '../jobs/on-job.js';
import { EncryptedStorage } from './encrypted-storage.js';

/** No write takes longer than one hour; exports have a shorter timeout. */
const HOUR_MS = 3_600_000;

/** Removes partial files of interrupted writes. */
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
