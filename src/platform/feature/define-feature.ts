import type { FeatureDeclaration } from './declarations.js';
import { addFeature } from './registry.js';

/**
 * Declares a feature: data only, no callbacks. Beside it the module merges its type into `FeatureMap`, which makes its
 * keys part of the unions `Permission`, `AuditEventType`, `JobName`, `ErrorCode`, `ScheduleName`, `WebhookEventName` and
 * `ResourceType`.
 * Throws when a key is declared twice.
 */
export function defineFeature<const F extends FeatureDeclaration>(feature: F): F {
  addFeature(feature);
  return feature;
}
