import { PRESETS } from '../feature/roles.js';
import type { MetaKind } from '../feature/declarations.js';
import { allFeatures, declared } from '../feature/registry.js';

/** Longest identifier of ours that is let into the log. */
const LONGEST_CODE = 64;
const MAX_CODES = 100;
/** Identifiers of people (SSN, NPI, telephone, date of birth) have eight digits and more. */
const LARGEST_COUNT = 9_999_999;
/** Times are moments of this installation; whoever acts or is recorded here was born before. */
const EARLIEST_TIME = '2010';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DIGEST = /^[0-9a-f]{64}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;
const IDENTIFIER = /^[a-z][a-zA-Z0-9]*([_-][a-zA-Z0-9]+)*$/;
const ROUTE = /^[A-Z][a-zA-Z]*Controller\.[a-z][a-zA-Z]*$/;

const SHAPES: Record<MetaKind, (value: unknown) => boolean> = {
  id: isId,
  digest: (value) => typeof value === 'string' && DIGEST.test(value),
  code: isCode,
  codes: (value) => Array.isArray(value) && value.length <= MAX_CODES && value.every(isCode),
  count: (value) => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_COUNT,
  flag: (value) => typeof value === 'boolean',
  time: (value) =>
    typeof value === 'string' && INSTANT.test(value) && value >= EARLIEST_TIME && !Number.isNaN(Date.parse(value)),
};

/**
 * Whether a value has the shape of its kind. The shapes leave no room for personal data in the form people write it.
 */
export function hasShape(kind: MetaKind, value: unknown): boolean {
  return SHAPES[kind](value);
}

/** A UUID (RFC 9562). */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/**
 * A word of ours: declared by a feature, the name of a route, or a plain identifier such as `givenName` or
 * `no_such_key`. Dots and colons occur in declared words alone, so that no file name, host or address passes; nor do
 * capitals at the start, spaces, letters beyond ASCII, or more digits than `sha256` has.
 */
export function isCode(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > LONGEST_CODE) return false;
  return (
    vocabulary().has(value) || ROUTE.test(value) || (IDENTIFIER.test(value) && value.replace(/\D/g, '').length <= 3)
  );
}

let words: ReadonlySet<string> = new Set();
let wordsOf = 0;

/** Every key the features declare; read again when features were added since. */
function vocabulary(): ReadonlySet<string> {
  const features = allFeatures();
  if (features.length !== wordsOf) {
    const sections = (
      ['permissions', 'events', 'errors', 'jobs', 'schedules', 'retention', 'tables', 'webhookEvents'] as const
    ).map(declared);
    words = new Set([
      ...sections.flatMap((section) => [...section.keys()]),
      ...Object.values(PRESETS).flatMap((roles) => Object.keys(roles)),
    ]);
    wordsOf = features.length;
  }
  return words;
}
