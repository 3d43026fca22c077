import { Controller, Get, Inject, Optional, ServiceUnavailableException } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { Public } from '../access/decorators.js';
import { Problem } from '../problem/problem.js';
import { ResponseType } from '../http/response-type.js';
import { HealthResponse } from './health.dto.js';

/** Checks a service that the process depends on. */
export interface HealthProbe {
  readonly name: string;
  /** Resolves when the service responds; rejects otherwise. */
  check(): Promise<void>;
}

/** Injection token of the list of probes. */
export const HEALTH_PROBES = Symbol('health probes');

const TIMEOUT_MS = 2000;
const CACHE_MS = 500;

/** Liveness and readiness probes for orchestrators. */
@ApiTags('Operations')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Optional() @Inject(HEALTH_PROBES) private readonly probes: readonly HealthProbe[] = [],
  ) {}

  /** Returns 200 while the process runs. */
  @Get('live')
  @Public('orchestrators have no session')
  @ResponseType(HealthResponse)
  live(): HealthResponse {
    return { status: 'ok', checks: [] };
  }

  /** Returns 200 if every required service responds, otherwise 503. */
  @Get('ready')
  @Public('orchestrators have no session')
  @ResponseType(HealthResponse)
  async ready(): Promise<HealthResponse> {
    const checks = this.probes.map((probe) => () => this.check(probe));
    try {
      const { status } = await this.health.check(checks);
      return { status, checks: this.probes.map(({ name }) => name) };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      throw new Problem('unavailable', {
        detail: `not ready: ${failedProbes(error).join(', ')}`,
        headers: { 'Retry-After': '2' },
      });
    }
  }

  /** Caches each result, because the route is public and orchestrators call it often. */
  private check(probe: HealthProbe) {
    return this.indicators
      .check(probe.name)
      .attempt(() => probe.check())
      .withTimeout(TIMEOUT_MS)
      .cacheFor(CACHE_MS);
  }
}

/** Returns the names of the failed probes. Their messages are not public. */
function failedProbes(error: ServiceUnavailableException): string[] {
  const { error: checks = {} } = error.getResponse() as { error?: Record<string, unknown> };
  return Object.keys(checks);
}
