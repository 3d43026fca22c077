import { isISO8601, ValidateBy, ValidateIf } from 'class-validator';

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

const DAY = /^\d{4}-\d\d-\d\d$/;
/** Controls, line and paragraph separators, and what turns the direction of the text that follows (Unicode, UAX #9). */
const UNSEEN = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
/** It is already tomorrow somewhere: the earliest time zone is this far ahead of UTC. */
const EARLIEST_ZONE = 14 * 3_600_000;

/**
 * The field may be left out. Unlike class-validator's IsOptional it may not be null: that is for fields which null
 * empties.
 */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

/**
 * A moment as RFC 3339 has it, or a date alone, which begins at midnight UTC; one that exists, and that `Date` can
 * hold.
 */
export function IsInstant(): PropertyDecorator {
  return ValidateBy({
    name: 'isInstant',
    validator: {
      validate: (value) =>
        typeof value === 'string' &&
        INSTANT.test(value) &&
        isISO8601(value, { strict: true }) &&
        !Number.isNaN(Date.parse(value)),
      defaultMessage: () => 'must be a time as RFC 3339 has it',
    },
  });
}

/** Whether a value is one line of text without what cannot be seen but moves, hides or reorders what can. */
export function isOneLine(value: unknown): value is string {
  return typeof value === 'string' && !UNSEEN.test(value);
}

/** One line of text as people write it: nothing that cannot be seen but moves, hides or reorders what can. */
export function IsOneLine(): PropertyDecorator {
  return ValidateBy({
    name: 'isOneLine',
    validator: {
      validate: isOneLine,
      defaultMessage: () => 'must be one line without control characters',
    },
  });
}

/** A day as YYYY-MM-DD that is in the calendar and has begun, wherever the caller may be. */
export function IsPastDay(): PropertyDecorator {
  return ValidateBy({
    name: 'isPastDay',
    validator: {
      validate: (value) =>
        typeof value === 'string' &&
        DAY.test(value) &&
        isISO8601(value, { strict: true }) &&
        Date.parse(value) <= Date.now() + EARLIEST_ZONE,
      defaultMessage: () => 'must be a day that exists and is not in the future',
    },
  });
}
