export { WebhooksModule } from './webhooks.module.js';
export { WebhookSourcesService } from './webhook-sources.service.js';
export { OFFERED_SCHEMES, SCHEMES, type Scheme } from './webhook-source.js';
