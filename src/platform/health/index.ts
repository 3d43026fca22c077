export { HEALTH_PROBES } from './health.controller.js';
export type { HealthProbe } from './health.controller.js';
export { Metrics } from '../telemetry/metrics.js';
export { MetricsModule } from './health.module.js';
