import { declared } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/problem.js';

/**
 * Returns the value that all events about one record share, from the field that the event declares. Returns null when
 * the event is not declared or lacks the value. Throws invalid_request when the body is not a JSON object.
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
