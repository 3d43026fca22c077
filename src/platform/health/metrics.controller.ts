import { Controller, Get, Headers } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { createHash, timingSafeEqual } from 'node:crypto';
import { Public } from '../access/decorators.js';
import { AppConfig } from '../config/app.config.js';
import { SecurityConfig } from '../config/services.config.js';
import { Problem } from '../problem/problem.js';
import { ResponseType } from '../http/response-type.js';
import { Metrics } from '../telemetry/metrics.js';

/** Metrics for Prometheus. */
@ApiTags('Operations')
@Controller()
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly app: AppConfig,
    private readonly security: SecurityConfig,
  ) {}

  /** Returns the metrics of the process to the bearer of METRICS_TOKEN. Public in development if no token is set. */
  @Get('metrics')
  @Public('Prometheus authenticates with METRICS_TOKEN instead of a session')
  @ResponseType.text('text/plain; version=0.0.4; charset=utf-8')
  read(@Headers('authorization') authorization = ''): Promise<string> {
    this.authorize(authorization);
    return this.metrics.registry.metrics();
  }

  private authorize(authorization: string): void {
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
