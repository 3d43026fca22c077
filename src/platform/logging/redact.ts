import { databaseErrorEntries } from './database-error.js';
import { REDACTED, scrub } from './patterns.js';
import { isSensitiveKey } from './sensitive-keys.js';

const MAX_DEPTH = 8;
const MAX_ITEMS = 100;

/**
 * Returns a copy of `value` that is safe to log. The copy is plain JSON without values of sensitive keys and without
 * personal data or secrets in strings, at any depth. Never throws.
 */
export function redact(value: unknown): unknown {
  return copy(value, [], false);
}

function copy(value: unknown, parents: readonly object[], hidden: boolean): unknown {
  if (typeof value === 'string') return hidden ? REDACTED : scrub(value);
  if (typeof value === 'bigint') return hidden ? REDACTED : scrub(value.toString());
  if (typeof value === 'number') return hidden ? REDACTED : safeNumber(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (hidden) return REDACTED;
  if (parents.includes(value)) return '[circular]';
  if (parents.length >= MAX_DEPTH) return '[deeper]';
  return copyObject(value, [...parents, value]);
}

function copyObject(value: object, path: readonly object[]): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Map)
    return copyEntries(
      [...value].map(([key, item]) => [typeof key === 'string' ? key : '[key]', item]),
      path,
    );
  if (value instanceof Set) return copyList([...value], path);
  if (Array.isArray(value)) return copyList(value, path);
  if (value instanceof URL || value instanceof URLSearchParams || value instanceof RegExp) return scrub(String(value));
  return copyEntries(entriesOf(value), path);
}

function copyList(items: readonly unknown[], path: readonly object[]): unknown[] {
  const copies = items.slice(0, MAX_ITEMS).map((item) => copy(item, path, false));
  return items.length > MAX_ITEMS ? [...copies, `[${items.length - MAX_ITEMS} more]`] : copies;
}

function copyEntries(
  entries: readonly (readonly [string, unknown])[],
  path: readonly object[],
): Record<string, unknown> {
  const isError = path.at(-1) instanceof Error;
  const copies: Record<string, unknown> = Object.create(null);
  for (let index = 0; index < entries.length && index < MAX_ITEMS; index++) {
    const [key, item] = entries[index]!;
    const hidden = item !== null && item !== undefined && isSensitiveKey(key) && !(isError && key === 'name');
    copies[isPlainKey(key) ? key : scrub(key)] = copy(item, path, hidden);
  }
  return copies;
}

/** Returns true for keys of nearly all log lines, which need no scrubbing. */
function isPlainKey(key: string): boolean {
  return key.length < 32 && /^[A-Za-z_]*$/.test(key);
}

/**
 * Returns the properties of an object. For an error, they include message, stack, and cause. A getter that throws
 * yields a marker.
 */
function entriesOf(value: object): [string, unknown][] {
  const ofDatabase = value instanceof Error ? databaseErrorEntries(value) : undefined;
  if (ofDatabase !== undefined) return ofDatabase;
  const keys =
    value instanceof Error
      ? new Set(['name', 'message', 'stack', 'cause', 'errors', ...Object.keys(value)])
      : Object.keys(value);
  const entries: [string, unknown][] = [];
  for (const key of keys) {
    if (!(key in value)) continue;
    try {
      entries.push([key, Reflect.get(value, key)]);
    } catch {
      entries.push([key, '[unreadable]']);
    }
  }
  return entries;
}

/**
 * Redacts integers with the length of an SSN or phone number like text. Timestamps in milliseconds have 13 digits and
 * remain.
 */
function safeNumber(value: number): number | string {
  if (!Number.isFinite(value)) return String(value);
  const text = String(value);
  return /^\d{9,10}$|^\d{14,19}$/.test(text) && scrub(text) !== text ? REDACTED : value;
}
