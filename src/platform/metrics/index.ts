export { HEALTH_PROBES } from './health.controller.js';
export type { HealthProbe } from './health.controller.js';
export { Metrics } from './metrics.js';
export { MetricsModule } from './metrics.module.js';
