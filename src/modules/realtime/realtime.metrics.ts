import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { Metrics } from '../../platform/telemetry/metrics.js';
import { Channels } from './channels.js';

/** How many listen to this process. */
@Injectable()
export class RealtimeMetrics {
  constructor(metrics: Metrics, feeds: Channels) {
    const gauge: Gauge = new Gauge({
      name: 'vouchsafe_live_streams',
      help: 'Streams of events that are open.',
      registers: [metrics.registry],
      collect: () => gauge.set(feeds.open),
    });
  }
}
