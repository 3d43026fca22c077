import { isEmail } from 'class-validator';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { isOneLine } from '../../../platform/http/fields.js';
import { Problem } from '../../../platform/problem/index.js';

export type Json = Record<string, unknown>;

const LONGEST = 254;

/** A JSON object. Throws scim_invalid_syntax for anything else. */
export function objectOf(value: unknown, what = 'the body'): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Problem('scim_invalid_syntax', { detail: `${what} must be an object` });
  return value as Json;
}

/**
 * A field of an object by its name, whose case does not count (RFC 7643 section 2.1); undefined for null too, which
 * says the same.
 */
export function attribute(object: Json, name: string): unknown {
  const key = Object.hasOwn(object, name)
    ? name
    : Object.keys(object).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : (object[key] ?? undefined);
}

/** A line of text; null where there is none. Throws scim_invalid_value. */
export function textOf(value: unknown, name: string, longest = LONGEST): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string' || !isOneLine(value) || [...value].length > longest) {
    throw new Problem('scim_invalid_value', { detail: `${name} must be one line of at most ${longest} characters` });
  }
  return value.trim() === '' ? null : value;
}

/** As `textOf`, for what must be there. */
export function requiredText(value: unknown, name: string): string {
  const text = textOf(value, name);
  if (text === null) throw new Problem('scim_invalid_value', { detail: `${name} is required` });
  return text;
}

/**
 * A boolean, also where it comes as text: Microsoft Entra ID sends "True" and "False". Undefined where there is none.
 * Throws scim_invalid_value.
 */
export function booleanOf(value: unknown, name: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  const said = typeof value === 'string' ? value.toLowerCase() : value;
  if (said === true || said === 'true') return true;
  if (said === false || said === 'false') return false;
  throw new Problem('scim_invalid_value', { detail: `${name} must be true or false` });
}

/** An e-mail address as we keep it; undefined for what is none. */
export function addressOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST && isEmail(value) ? normalizeEmail(value) : undefined;
}

export function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
