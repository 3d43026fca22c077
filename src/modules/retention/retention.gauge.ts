import { Injectable, Logger } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { declared } from '../../platform/feature/registry.js';
import { Metrics } from '../../platform/telemetry/metrics.js';
import { RetentionRepository } from './retention.repository.js';

/**
 * The alarm of retention: how long the oldest row that should be gone has been due, by policy. Runs may fail and be
 * tried again unnoticed; rows that stay may not.
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
      help: 'How long the oldest row that a planned retention run has not removed has been due, by policy.',
      labelNames: ['policy'],
      registers: [metrics.registry],
      collect: () => this.collect(),
    });
  }

  /** Without the database there is no figure, rather than an old one. */
  private async collect(): Promise<void> {
    this.gauge.reset();
    try {
      const overdue = await this.repository.overdue();
      for (const policy of declared('retention').keys()) this.gauge.set({ policy }, 0);
      for (const { policy, seconds } of overdue) this.gauge.set({ policy }, seconds);
    } catch (error) {
      this.log.warn('how much retention is overdue is not known', error);
    }
  }
}
