import { declared } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/problem.js';

/**
 * The value that all events about one record share, from the field that the event's declaration names; null when the
 * event is not declared or has no such value. Throws invalid_request for a body that is no JSON object.
 */
export function orderKeyOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Problem('invalid_request', { detail: 'the body must be a JSON object' });
  const { type, data } = body as { type?: unknown; data?: unknown };
  const event = typeof type === 'string' ? declared('webhookEvents').get(type) : undefined;
  if (event === undefined || typeof data !== 'object' || data === null) return null;
  const value = (data as Record<string, unknown>)[event.orderKey];
  return typeof value === 'string' ? value : null;
}
