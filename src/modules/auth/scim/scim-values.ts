import { normalizeEmail } from '../../../platform/crypto/index.js';
import { isOneLine } from '../../../platform/http/one-line.js';
import { isMailAddress } from '../../../platform/mail/index.js';
import { Problem } from '../../../platform/problem/index.js';

export type Json = Record<string, unknown>;

const MAX_LENGTH = 254;

/** Returns a value as a JSON object. Throws `scim_invalid_syntax` when it is not an object. */
export function objectOf(value: unknown, what = 'The body'): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Problem('scim_invalid_syntax', { detail: `${what} must be an object.` });
  return value as Json;
}

/**
 * Returns a field of an object by its case-insensitive name (RFC 7643 section 2.1). Returns undefined for null too,
 * because both have the same meaning.
 */
export function attribute(object: Json, name: string): unknown {
  const key = Object.hasOwn(object, name)
    ? name
    : Object.keys(object).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : (object[key] ?? undefined);
}

/** Returns one line of text in the composed form (NFC), or null when it is blank. Throws `scim_invalid_value`. */
export function textOf(value: unknown, name: string, maxLength = MAX_LENGTH): string | null {
  if (value === undefined || value === null || (typeof value === 'string' && value.trim() === '')) return null;
  const text = typeof value === 'string' ? value.normalize('NFC') : value;
  if (!isOneLine(text) || [...text].length > maxLength) {
    throw new Problem('scim_invalid_value', {
      detail: `The attribute ${name} must be one visible line of at most ${maxLength} characters.`,
    });
  }
  return text;
}

/** Returns one line of text. Throws `scim_invalid_value` when the value is empty or invalid. */
export function requiredText(value: unknown, name: string): string {
  const text = textOf(value, name);
  if (text === null) throw new Problem('scim_invalid_value', { detail: `The attribute ${name} is required.` });
  return text;
}

/**
 * Returns a boolean, or undefined when the value is missing. Also accepts text, because Microsoft Entra ID sends "True"
 * and "False". Throws `scim_invalid_value`.
 */
export function booleanOf(value: unknown, name: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  const normalized = typeof value === 'string' ? value.toLowerCase() : value;
  if (normalized === true || normalized === 'true') return true;
  if (normalized === false || normalized === 'false') return false;
  throw new Problem('scim_invalid_value', { detail: `The attribute ${name} must be true or false.` });
}

/** Returns the normalized form of an e-mail address, or undefined when the value is not an e-mail address. */
export function emailOf(value: unknown): string | undefined {
  return isMailAddress(value) ? normalizeEmail(value) : undefined;
}

export function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
