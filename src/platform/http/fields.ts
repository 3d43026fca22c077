import { isISO8601, ValidateBy, ValidateIf } from 'class-validator';

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * The field may be left out. Unlike class-validator's IsOptional it may not be null: that is for fields which null
 * empties.
 */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

/** A moment as RFC 3339 has it, or a date alone, which begins at midnight UTC; one that exists, and that `Date` can hold. */
export function IsInstant(): PropertyDecorator {
  return ValidateBy({
    name: 'isInstant',
    validator: {
      validate: (value) => typeof value === 'string' && INSTANT.test(value) && isISO8601(value, { strict: true }) && !Number.isNaN(Date.parse(value)),
      defaultMessage: () => 'must be a time as RFC 3339 has it',
    },
  });
}
