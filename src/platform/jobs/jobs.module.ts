import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { JobHandlers } from './handlers.js';
import { JobRunner } from './job-runner.js';
import { Jobs } from './jobs.js';
import { MailDelivery } from './mail-delivery.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxRepository } from './outbox.repository.js';
import { Queues } from './queues.js';
import { Scheduler } from './scheduler.js';
import { WorkerHost } from './worker-host.js';

/**
 * Provides the job queue; only this module uses BullMQ. Every process can enqueue jobs; the worker starts `WorkerHost`.
 */
@Global()
@Module({
  imports: [DiscoveryModule, ScheduleModule.forRoot()],
  providers: [JobHandlers, JobRunner, Jobs, MailDelivery, OutboxRelay, OutboxRepository, Queues, Scheduler, WorkerHost],
  exports: [Jobs, JobHandlers, MailDelivery, Queues],
})
export class JobsModule {}
