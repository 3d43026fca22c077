import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import type { ErrorCode } from '../../platform/feature/registry.js';
import { Metrics } from '../../platform/telemetry/metrics.js';

/** Counts deliveries by outcome. */
@Injectable()
export class WebhookMetrics {
  private readonly deliveries: Counter<'outcome' | 'reason'>;

  constructor(metrics: Metrics) {
    this.deliveries = new Counter({
      name: 'webhook_deliveries_total',
      help: 'Webhook deliveries by outcome (accepted, duplicate, refused) and, for refused ones, the problem code.',
      labelNames: ['outcome', 'reason'],
      registers: [metrics.registry],
    });
  }

  countStored(outcome: 'accepted' | 'duplicate'): void {
    this.deliveries.inc({ outcome, reason: '' });
  }

  countRejected(reason: ErrorCode): void {
    this.deliveries.inc({ outcome: 'refused', reason });
  }
}
