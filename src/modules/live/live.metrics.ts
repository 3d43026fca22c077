import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { Metrics } from '../../platform/telemetry/metrics.js';
import { Feeds } from './feeds.js';

/** How many listen to this process. */
@Injectable()
export class LiveMetrics {
  constructor(metrics: Metrics, feeds: Feeds) {
    const gauge: Gauge = new Gauge({
      name: 'vouchsafe_live_streams',
      help: 'Streams of events that are open.',
      registers: [metrics.registry],
      collect: () => gauge.set(feeds.open),
    });
  }
}
