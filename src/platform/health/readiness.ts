import { Inject, Injectable, Optional, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { DatabaseUnavailable, RETRY_AFTER_SECONDS } from '../database/errors.js';

/** Checks a service that the process depends on. */
export interface HealthProbe {
  readonly name: string;
  /** Resolves when the service responds and accepts what the process writes; rejects otherwise. */
  check(): Promise<void>;
}

/** Injection token of the list of probes. */
export const HEALTH_PROBES = Symbol('health probes');

/** The result of all probes. `status` is `ok`, `error`, or `shutting_down` after a stop signal. */
export interface ReadinessResult {
  readonly status: string;
  readonly failed: readonly string[];
  readonly retryAfterSeconds: number;
}

const TIMEOUT_MS = 2000;
const CACHE_MS = 500;

/** Runs the probes of the process. */
@Injectable()
export class Readiness {
  private readonly errors = new Map<string, unknown>();

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Optional() @Inject(HEALTH_PROBES) private readonly probes: readonly HealthProbe[] = [],
  ) {}

  /** The names of the probes. */
  get names(): string[] {
    return this.probes.map(({ name }) => name);
  }

  async check(): Promise<ReadinessResult> {
    try {
      const { status } = await this.health.check(this.probes.map((probe) => () => this.run(probe)));
      return { status, failed: [], retryAfterSeconds: 0 };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      const { status = 'error', error: checks = {} } = error.getResponse() as { status?: string; error?: object };
      const failed = Object.keys(checks);
      return { status, failed, retryAfterSeconds: Math.max(...failed.map((name) => this.waitOf(name)), 1) };
    }
  }

  /** Caches each result, because the route is public and orchestrators call it often. */
  private run(probe: HealthProbe) {
    return this.indicators
      .check(probe.name)
      .attempt(() => this.attempt(probe))
      .withTimeout(TIMEOUT_MS)
      .cacheFor(CACHE_MS);
  }

  private async attempt(probe: HealthProbe): Promise<void> {
    this.errors.delete(probe.name);
    try {
      await probe.check();
    } catch (error) {
      this.errors.set(probe.name, error);
      throw error;
    }
  }

  private waitOf(name: string): number {
    const error = this.errors.get(name);
    return error instanceof DatabaseUnavailable ? error.retryAfterSeconds : RETRY_AFTER_SECONDS;
  }
}
