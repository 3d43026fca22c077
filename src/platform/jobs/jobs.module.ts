import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { JobHandlers } from './handlers.js';
import { JobRunner } from './job-runner.js';
import { Jobs } from './jobs.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxRows } from './outbox-rows.js';
import { Queues } from './queues.js';
import { Scheduler } from './scheduler.js';
import { WorkerHost } from './worker-host.js';

/** The one place that knows BullMQ. Every process can enqueue; the worker starts `WorkerHost`. */
@Global()
@Module({
  imports: [DiscoveryModule, ScheduleModule.forRoot()],
  providers: [JobHandlers, JobRunner, Jobs, OutboxRelay, OutboxRows, Queues, Scheduler, WorkerHost],
  exports: [Jobs, JobHandlers, Queues],
})
export class JobsModule {}
