import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../access/decorators.js';
import { Problem } from '../problem/problem.js';
import { ResponseType } from '../http/response-type.js';
import { HealthResponse } from './health.dto.js';
import { Readiness } from './readiness.js';

/** Liveness and readiness probes for orchestrators. */
@ApiTags('Operations')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Returns 200 while the process runs. */
  @Get('live')
  @Public('orchestrators have no session')
  @ResponseType(HealthResponse)
  live(): HealthResponse {
    return { status: 'ok', checks: [] };
  }

  /** Returns 200 if every required service responds and accepts writes, otherwise 503 with the names of the others. */
  @Get('ready')
  @Public('orchestrators have no session')
  @ResponseType(HealthResponse)
  async ready(): Promise<HealthResponse> {
    const { status, failed, retryAfterSeconds } = await this.readiness.check();
    if (retryAfterSeconds === 0) return { status, checks: this.readiness.names };
    throw new Problem('unavailable', {
      detail: `not ready: ${failed.join(', ')}`,
      headers: { 'Retry-After': String(retryAfterSeconds) },
    });
  }
}
