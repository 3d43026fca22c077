import { Controller, Get, Headers } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { createHash, timingSafeEqual } from 'node:crypto';
import { Public } from '../access/decorators.js';
import { AppConfig } from '../config/app.config.js';
import { SecurityConfig } from '../config/services.config.js';
import { Problem } from '../problem/problem.js';
import { ResponseType } from '../http/response-type.js';
import { Metrics } from '../telemetry/metrics.js';

/** What Prometheus reads. */
@ApiTags('Operations')
@Controller()
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly app: AppConfig,
    private readonly security: SecurityConfig,
  ) {}

  /** The process's metrics, for the bearer of METRICS_TOKEN; open in development when none is set. */
  @Get('metrics')
  @Public('Prometheus has no session: it shows METRICS_TOKEN instead')
  @ResponseType.text('text/plain; version=0.0.4; charset=utf-8')
  read(@Headers('authorization') authorization = ''): Promise<string> {
    this.admit(authorization);
    return this.metrics.registry.metrics();
  }

  private admit(authorization: string): void {
    const { metricsToken } = this.security;
    if (metricsToken === undefined && !this.app.deployed) return;
    if (metricsToken === undefined) throw new Problem('not_found');
    if (!timingSafeEqual(digest(authorization), digest(`Bearer ${metricsToken}`))) {
      throw new Problem('unauthenticated', { headers: { 'WWW-Authenticate': 'Bearer' } });
    }
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
