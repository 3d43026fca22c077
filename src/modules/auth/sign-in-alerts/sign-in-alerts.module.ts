import { Module } from '@nestjs/common';
import './sign-in-alerts.feature.js';
import { WatchJobs } from './sign-in-alerts.jobs.js';
import { WatchRepository } from './sign-in-alerts.repository.js';

/** Sign-ins that are unlike those before. */
@Module({ providers: [WatchJobs, WatchRepository] })
export class WatchModule {}
