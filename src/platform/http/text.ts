import { parse } from 'node:querystring';
import { Problem } from '../problem/problem.js';

const DEEPEST = 32;
const REJECTED_KEYS_RATE_LIMIT = new Set(['__proto__', 'constructor', 'prototype']);

/** Refuses what Postgres cannot store as text or would store as something else: NUL and lone surrogates. */
export function assertText(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) throw new Problem('invalid_text');
}

/** Checks every string and key of parsed JSON, and that it is not deeper than 32 levels. */
export function assertJson(value: unknown, depth = 0): void {
  if (typeof value === 'string') return assertText(value);
  if (typeof value !== 'object' || value === null) return;
  if (depth >= DEEPEST)
    throw new Problem('invalid_request', { detail: `the body is nested more than ${DEEPEST} levels deep` });
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
 * Parses `a=1&b=2` strictly: percent-encoding must be UTF-8, and a name stands once; `a[]` and the like are refused
 * because other parsers read them as repetition.
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

/** Decodes percent-encoding; refuses bytes that are not UTF-8. */
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
  if (REJECTED_KEYS_RATE_LIMIT.has(key))
    throw new Problem('invalid_request', { detail: 'a field has a name that is not allowed' });
}
