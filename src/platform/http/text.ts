import { parse } from 'node:querystring';
import { Problem } from '../problem/problem.js';

const MAX_DEPTH = 32;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Throws for text that Postgres cannot store unchanged: NUL and lone surrogates. */
export function assertText(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) throw new Problem('invalid_text');
}

/** Checks every string and key of parsed JSON and the depth of at most 32 levels. */
export function assertJson(value: unknown, depth = 0): void {
  if (typeof value === 'string') return assertText(value);
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH)
    throw new Problem('invalid_request', { detail: `the body is nested more than ${MAX_DEPTH} levels deep` });
  if (Array.isArray(value)) {
    for (const item of value) assertJson(item, depth + 1);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    assertKey(key);
    assertJson(item, depth + 1);
  }
}

/**
 * Parses `a=1&b=2` strictly: percent-encoding must be UTF-8, and each name occurs once. Rejects `a[]`, because other
 * parsers treat it as repetition.
 */
export function parsePairs(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  if (text === '') return pairs;
  assertText(decode(text));
  for (const [key, value] of Object.entries(parse(text, '&', '=', { maxKeys: 0 }))) {
    assertKey(key);
    if (typeof value !== 'string' || /[[\]]/.test(key)) throw new Problem('duplicate_parameter');
    pairs[key] = value;
  }
  return pairs;
}

/** Decodes percent-encoding. Throws for bytes that are not UTF-8. */
export function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Problem('invalid_text');
  }
}

function assertKey(key: string): void {
  assertText(key);
  if (FORBIDDEN_KEYS.has(key))
    throw new Problem('invalid_request', { detail: 'a field has a name that is not allowed' });
}
