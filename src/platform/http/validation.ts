import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { Problem } from '../problem/problem.js';
import type { FieldError } from '../problem/problem.js';

const MAX_ERRORS = 50;
const MAX_FIELD_LENGTH = 200;

/** Validates bodies and queries against their classes. Unknown fields are invalid, and messages contain no values. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors: ValidationError[]) =>
      new Problem('invalid_request', { errors: fieldErrors(errors).slice(0, MAX_ERRORS) }),
  });
}

/** Flattens nested errors to paths such as `contacts.0.phone`. */
export function fieldErrors(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const field = `${parent}${property}`.slice(0, MAX_FIELD_LENGTH);
    const own = Object.entries(constraints).map(([kind, message]) => ({
      field,
      message: shorten(kind, message, property),
    }));
    return [...own, ...fieldErrors(children, `${field}.`)];
  });
}

/** Removes the field name from the start of a message, because the error has the field separately. */
function shorten(kind: string, message: string, property: string): string {
  if (kind === 'whitelistValidation') return 'is not a known field';
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}
