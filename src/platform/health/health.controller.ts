import { Controller, Get, Inject, Optional, ServiceUnavailableException } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { Public } from '../access/decorators.js';
import { Problem } from '../problem/problem.js';
import { ResponseType } from '../http/response-type.js';
import { HealthResponse } from './health.dto.js';

/** A service the process cannot work without. */
export interface HealthProbe {
  readonly name: string;
  /** Resolves when the service answers; rejects otherwise. */
  check(): Promise<void>;
}

/** Injection token of the list of probes. */
export const HEALTH_PROBES = Symbol('health probes');

const TIMEOUT_MS = 2000;
const CACHE_MS = 500;

/** What orchestrators ask: restart me? send me requests? */
@ApiTags('Operations')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Optional() @Inject(HEALTH_PROBES) private readonly probes: readonly HealthProbe[] = [],
  ) {}

  /** The process runs and its event loop turns. */
  @Get('live')
  @Public('orchestrators have no session')
  @ResponseType(HealthResponse)
  live(): HealthResponse {
    return { status: 'ok', checks: [] };
  }

  /** Every service the process needs answers; 503 otherwise. */
  @Get('ready')
  @Public('orchestrators have no session')
  @ResponseType(HealthResponse)
  async ready(): Promise<HealthResponse> {
    const checks = this.probes.map((probe) => () => this.ask(probe));
    try {
      const { status } = await this.health.check(checks);
      return { status, checks: this.probes.map(({ name }) => name) };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      throw new Problem('unavailable', {
        detail: `not ready: ${failing(error).join(', ')}`,
        headers: { 'Retry-After': '2' },
      });
    }
  }

  /** Asked often and by anybody: the answer is kept for a moment. */
  private ask(probe: HealthProbe) {
    return this.indicators
      .check(probe.name)
      .attempt(() => probe.check())
      .withTimeout(TIMEOUT_MS)
      .cacheFor(CACHE_MS);
  }
}

/** The names of the probes that failed; their messages stay inside. */
function failing(error: ServiceUnavailableException): string[] {
  const { error: checks = {} } = error.getResponse() as { error?: Record<string, unknown> };
  return Object.keys(checks);
}
