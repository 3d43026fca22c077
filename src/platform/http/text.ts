import { parse } from 'node:querystring';
import { Problem } from '../problem/problem.js';

/** More parameters than any form or query of the application has. */
const MAX_PAIRS = 100;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Throws for text that Postgres cannot store unchanged: NUL and lone surrogates. */
export function assertText(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) throw new Problem('invalid_text');
}

/** Checks every string and key of parsed JSON. `assertBounded` has limited its depth. */
export function assertJson(value: unknown): void {
  if (typeof value === 'string') return assertText(value);
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) assertJson(item);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    assertKey(key);
    assertJson(item);
  }
}

/**
 * Parses `a=1&b=2` strictly: at most 100 pairs, percent-encoding must be UTF-8, and each name occurs once. Rejects
 * `a[]`, because other parsers treat it as repetition.
 */
export function parsePairs(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  if (text === '') return pairs;
  assertFewPairs(text);
  assertText(decode(text));
  for (const [key, value] of Object.entries(parse(text, '&', '=', { maxKeys: 0 }))) {
    assertKey(key);
    if (typeof value !== 'string' || /[[\]]/.test(key)) throw new Problem('duplicate_parameter');
    pairs[key] = value;
  }
  return pairs;
}

function assertFewPairs(text: string): void {
  let at = -1;
  for (let pairs = 1; (at = text.indexOf('&', at + 1)) !== -1; pairs += 1) {
    if (pairs === MAX_PAIRS) throw new Problem('invalid_request', { detail: `at most ${MAX_PAIRS} parameters` });
  }
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
