import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { HttpConfig } from '../config/index.js';
import { JobRunner } from './job-runner.js';
import { OutboxRelay } from './outbox-relay.js';
import { Scheduler } from './scheduler.js';

const TICK = 'vouchsafe.tick';
const TICK_MS = 10_000;

/** Starts the runner, relay, and scheduler of the worker process and stops them in order. */
@Injectable()
export class WorkerHost implements OnModuleDestroy {
  private readonly log = new Logger('WorkerHost');
  private started = false;

  constructor(
    private readonly runner: JobRunner,
    private readonly relay: OutboxRelay,
    private readonly scheduler: Scheduler,
    private readonly registry: SchedulerRegistry,
    private readonly config: HttpConfig,
  ) {}

  start(): void {
    this.started = true;
    this.runner.start();
    this.relay.start();
    this.registry.addInterval(
      TICK,
      setInterval(() => void this.scheduler.tick(), TICK_MS),
    );
    void this.scheduler.tick();
    this.log.log('processing jobs');
  }

  /** Stops the worker before the application closes the Redis and Postgres connections. */
  async onModuleDestroy(): Promise<void> {
    if (!this.started) return;
    if (this.registry.doesExist('interval', TICK)) this.registry.deleteInterval(TICK);
    await this.relay.stop();
    await this.runner.stop(this.config.shutdownSeconds * 1_000);
  }
}
