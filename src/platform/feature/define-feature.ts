import type { FeatureDeclaration } from './declarations.js';
import { addFeature } from './registry.js';

/**
 * Declares a feature: data without callbacks. The module also merges its type into `FeatureMap`, which adds its keys to
 * the unions `Permission`, `AuditEventType`, `JobName`, `ErrorCode`, `ScheduleName`, `WebhookEventName`, and
 * `ResourceType`. Throws when a key is declared twice.
 */
export function defineFeature<const F extends FeatureDeclaration>(feature: F): F {
  addFeature(feature);
  return feature;
}
