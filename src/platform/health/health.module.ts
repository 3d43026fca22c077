import { Global, Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { HEALTH_PROBES, Readiness, type HealthProbe } from './readiness.js';
import { ReadinessLog } from './readiness-log.js';
import { Metrics } from '../telemetry/metrics.js';

type ProbeClass = new (...args: never[]) => HealthProbe;

/** Provides metrics and health checks. `forRoot` takes the probe classes, which other modules provide and export. */
@Global()
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [MetricsController, HealthController],
  providers: [Metrics, Readiness, ReadinessLog],
  exports: [Metrics],
})
export class HealthModule {
  static forRoot(probes: readonly ProbeClass[]): DynamicModule {
    const list: Provider = {
      provide: HEALTH_PROBES,
      inject: [...probes],
      useFactory: (...found: HealthProbe[]) => found,
    };
    return { module: HealthModule, providers: [list] };
  }
}
