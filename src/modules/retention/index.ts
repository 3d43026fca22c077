export { RetentionModule } from './retention.module.js';
export { RetentionRunner } from './retention.runner.js';
export { RetentionService } from './retention.service.js';
