import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { Metrics } from '../../platform/telemetry/metrics.js';
import { Channels } from './channels.js';

/** Counts the open streams of this process. */
@Injectable()
export class RealtimeMetrics {
  constructor(metrics: Metrics, feeds: Channels) {
    const gauge: Gauge = new Gauge({
      name: 'vouchsafe_live_streams',
      help: 'Open event streams.',
      registers: [metrics.registry],
      collect: () => gauge.set(feeds.open),
    });
  }
}
