export { HEALTH_PROBES } from './health.controller.js';
export type { HealthProbe } from './health.controller.js';
export { HealthModule } from './health.module.js';
