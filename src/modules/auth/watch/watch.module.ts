import { Module } from '@nestjs/common';
import './watch.feature.js';
import { WatchJobs } from './watch.jobs.js';
import { WatchRepository } from './watch.repository.js';

/** Sign-ins that are unlike those before. */
@Module({ providers: [WatchJobs, WatchRepository] })
export class WatchModule {}
