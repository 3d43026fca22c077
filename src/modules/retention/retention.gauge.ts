import { Injectable, Logger } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { declared } from '../../platform/feature/registry.js';
import { Metrics } from '../../platform/telemetry/metrics.js';
import { RetentionRepository } from './retention.repository.js';

/**
 * Reports per policy how long the oldest due row has been due. Runs may fail and be retried without an alarm; an
 * overdue row raises it.
 */
@Injectable()
export class RetentionGauge {
  private readonly log = new Logger('RetentionGauge');
  private readonly gauge: Gauge<'policy'>;

  constructor(
    metrics: Metrics,
    private readonly repository: RetentionRepository,
  ) {
    this.gauge = new Gauge({
      name: 'vouchsafe_retention_oldest_overdue_seconds',
      help: 'How long the oldest due row that no retention run has removed has been due, by policy.',
      labelNames: ['policy'],
      registers: [metrics.registry],
      collect: () => this.collect(),
    });
  }

  /** Reports no value without the database, instead of an old value. */
  private async collect(): Promise<void> {
    this.gauge.reset();
    try {
      const overdue = await this.repository.overdue();
      for (const policy of declared('retention').keys()) this.gauge.set({ policy }, 0);
      for (const { policy, seconds } of overdue) this.gauge.set({ policy }, seconds);
    } catch (error) {
      this.log.warn('the retention metric could not be collected', error);
    }
  }
}
