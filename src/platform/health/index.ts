export { HealthModule } from './health.module.js';
export { HEALTH_PROBES, Readiness, type HealthProbe } from './readiness.js';
export { ReadinessLog } from './readiness-log.js';
