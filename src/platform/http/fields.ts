import { isISO8601, ValidateBy, ValidateIf } from 'class-validator';

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

const DAY = /^\d{4}-\d\d-\d\d$/;
/** Control characters, line and paragraph separators, and bidirectional controls (Unicode, UAX #9). */
const UNSAFE_CHARACTERS = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
/** The earliest time zone is 14 hours ahead of UTC, so its date can be tomorrow in UTC. */
const EARLIEST_ZONE_MS = 14 * 3_600_000;

/** Allows an absent field. Unlike IsOptional of class-validator, it does not allow null, which clears a field. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

/** Requires an RFC 3339 time or a date, which means midnight UTC. The value must exist and fit into a `Date`. */
export function IsInstant(): PropertyDecorator {
  return ValidateBy({
    name: 'isInstant',
    validator: {
      validate: (value) =>
        typeof value === 'string' &&
        INSTANT.test(value) &&
        isISO8601(value, { strict: true }) &&
        !Number.isNaN(Date.parse(value)),
      defaultMessage: () => 'must be an RFC 3339 time',
    },
  });
}

/** Returns true for one line of text without control characters or bidirectional controls. */
export function isOneLine(value: unknown): value is string {
  return typeof value === 'string' && !UNSAFE_CHARACTERS.test(value);
}

/** Requires one line of text without control characters or bidirectional controls. */
export function IsOneLine(): PropertyDecorator {
  return ValidateBy({
    name: 'isOneLine',
    validator: {
      validate: isOneLine,
      defaultMessage: () => 'must be one line without control characters',
    },
  });
}

/** Requires an existing day (YYYY-MM-DD) that has begun in some time zone. */
export function IsPastDay(): PropertyDecorator {
  return ValidateBy({
    name: 'isPastDay',
    validator: {
      validate: (value) =>
        typeof value === 'string' &&
        DAY.test(value) &&
        isISO8601(value, { strict: true }) &&
        Date.parse(value) <= Date.now() + EARLIEST_ZONE_MS,
      defaultMessage: () => 'must be an existing day that is not in the future',
    },
  });
}
