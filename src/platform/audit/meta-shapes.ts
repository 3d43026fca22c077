import { PRESETS } from '../feature/roles.js';
import type { MetaKind } from '../feature/declarations.js';
import { allFeatures, declared } from '../feature/registry.js';
import { isRoleKey, roleReference } from './role-reference.js';

/** The maximum length of a code in an audit event. */
const MAX_CODE_LENGTH = 64;
const MAX_CODES = 100;
/** Identifiers of people (SSN, NPI, telephone number, date of birth) have eight or more digits. */
const MAX_COUNT = 9_999_999;
/** Of a longer amount, only these leading digits are recorded, so that it cannot be an identifier. */
const LEADING_DIGITS = 2;
/** The earliest accepted time. It excludes dates of birth: every person in the system was born before. */
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
  role: isRoleKey,
  count: (value) => isNatural(value) && value <= MAX_COUNT,
  amount: isNatural,
  flag: (value) => typeof value === 'boolean',
  time: (value) =>
    typeof value === 'string' && INSTANT.test(value) && value >= EARLIEST_TIME && !Number.isNaN(Date.parse(value)),
};

/**
 * Returns the value that an event records, or undefined if the value does not have the shape of its kind. The shapes
 * exclude the usual written forms of personal data. A custom role becomes its reference, and a long amount is rounded.
 */
export function recordable(kind: MetaKind, value: unknown, orgId: string): unknown {
  if (!SHAPES[kind](value)) return undefined;
  if (kind === 'role') return roleReference(orgId, value as string);
  return kind === 'amount' ? rounded(value as number) : value;
}

/** Returns an amount of at most seven digits as it is. Rounds a longer one down to its leading digits. */
function rounded(amount: number): number {
  if (amount <= MAX_COUNT) return amount;
  const unit = 10 ** (String(amount).length - LEADING_DIGITS);
  return Math.floor(amount / unit) * unit;
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Returns true for a UUID (RFC 9562). */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/**
 * Returns true for a declared key, the name of a route, or a plain identifier such as `givenName` or `no_such_key`.
 * Dots and colons are valid in declared keys only, which excludes file names, hosts, and e-mail addresses. Initial
 * capitals, spaces, non-ASCII letters, and more than three digits are invalid.
 */
export function isCode(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_CODE_LENGTH) return false;
  return (
    declaredKeys().has(value) || ROUTE.test(value) || (IDENTIFIER.test(value) && value.replace(/\D/g, '').length <= 3)
  );
}

let keys: ReadonlySet<string> = new Set();
let featureCount = 0;

/** Returns every declared key. Rebuilds the set when features were added. */
function declaredKeys(): ReadonlySet<string> {
  const features = allFeatures();
  if (features.length !== featureCount) {
    const sections = (
      ['permissions', 'events', 'errors', 'jobs', 'schedules', 'retention', 'tables', 'webhookEvents'] as const
    ).map(declared);
    keys = new Set([
      ...sections.flatMap((section) => [...section.keys()]),
      ...Object.values(PRESETS).flatMap((roles) => Object.keys(roles)),
    ]);
    featureCount = features.length;
  }
  return keys;
}
