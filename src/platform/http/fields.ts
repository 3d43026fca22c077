import { isISO8601, Matches, ValidateBy, ValidateIf, type ValidationOptions } from 'class-validator';
import { Composed } from '../input/composed.js';
import { isRange } from './network.js';
import { isOneLine, isPlainText } from './one-line.js';

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

const DAY = /^\d{4}-\d\d-\d\d$/;
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

/** Requires the key of a role, such as `program_director`. It does not check that the organization has the role. */
export function IsRoleKey(): PropertyDecorator {
  return Matches(/^[a-z_]{1,40}$/, { message: 'must be the key of a role, in lower-case letters and underscores' });
}

/** Requires one visible line of text by the rule of `isOneLine`, and composes it (NFC). Allows the empty text. */
export function IsOneLine(): PropertyDecorator {
  return composed(IsExactLine());
}

/** Requires one visible line like {@link IsOneLine}, but keeps its form, because it must equal a text elsewhere. */
export function IsExactLine(options?: ValidationOptions): PropertyDecorator {
  const validator = {
    validate: isOneLine,
    defaultMessage: () => 'must be one visible line without control characters',
  };
  return ValidateBy({ name: 'isOneLine', validator }, options);
}

/** Requires visible text by the rule of `isPlainText`, and composes it (NFC). Allows line breaks and the empty text. */
export function IsPlainText(): PropertyDecorator {
  const validator = { validate: isPlainText, defaultMessage: () => 'must be visible text without control characters' };
  return composed(ValidateBy({ name: 'isPlainText', validator }));
}

/** Adds the composition of Unicode text to a validation. The composition comes first. */
function composed(validation: PropertyDecorator): PropertyDecorator {
  return (target, property) => {
    validation(target, property);
    Composed()(target, property);
  };
}

/** Requires an IP or a CIDR block by the rule of `isRange`. */
export function IsIpRange(options?: ValidationOptions): PropertyDecorator {
  const validate = (value: unknown) => typeof value === 'string' && isRange(value);
  return ValidateBy(
    { name: 'isIpRange', validator: { validate, defaultMessage: () => 'must be an IP or a CIDR block' } },
    options,
  );
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
