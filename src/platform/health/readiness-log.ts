import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Readiness } from './readiness.js';

const INTERVAL_MS = 5_000;

/**
 * Logs each change of readiness. The worker has no HTTP server, so its log is the only place that shows a failed check.
 * The probes also run without an orchestrator, so a process recovers from an outage without requests.
 */
@Injectable()
export class ReadinessLog implements OnModuleDestroy {
  private readonly log = new Logger('Readiness');
  private timer: NodeJS.Timeout | undefined;
  private failed = '';

  constructor(private readonly readiness: Readiness) {}

  start(): void {
    this.timer = setInterval(() => void this.check(), INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Runs the probes once. Never throws. */
  async check(): Promise<void> {
    const failed = await this.readiness.check().then(
      (result) => result.failed.join(', '),
      () => 'checks',
    );
    if (failed === this.failed) return;
    this.failed = failed;
    if (failed === '') this.log.log('ready again');
    else this.log.warn(`not ready: ${failed}`);
  }
}
