import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** A finished request. It contains the route pattern instead of the path, so that no id becomes a label. */
export interface RequestSample {
  method: string;
  route: string;
  status: number;
  seconds: number;
}

/** The Prometheus registry of the process. Features add their metrics to `registry`. */
@Injectable()
export class Metrics implements OnApplicationShutdown {
  readonly registry = new Registry();

  private readonly requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of requests by route pattern, method, and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** The observers of the default metrics live as long as the process, and must not keep the features' metrics. */
  onApplicationShutdown(): void {
    this.registry.clear();
  }

  observeRequest({ method, route, status, seconds }: RequestSample): void {
    this.requests.observe({ method, route, status }, seconds);
  }
}
