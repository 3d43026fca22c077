import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { validate, type ValidationError } from 'class-validator';
import { Problem } from '../problem/problem.js';
import type { FieldError } from '../problem/problem.js';
import { MAX_ERRORS, MAX_FIELD_LENGTH, toInstance, type InputClass } from '../input/input.js';

const OPTIONS = {
  forbidUnknownValues: true,
  stopAtFirstError: true,
  validationError: { target: false },
};
/** The declared types of parameters without a class of their own. */
const PLAIN: ReadonlySet<unknown> = new Set([undefined, String, Number, Boolean, Array, Object, Buffer, Date]);

/** Validates bodies and queries against their classes. Unknown fields are invalid, and messages contain no values. */
@Injectable()
export class InputPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type === 'custom' || PLAIN.has(metatype)) return value;
    return validInput(metatype as InputClass, value ?? {});
  }
}

/** Returns an instance of the class with the fields of the value. Throws `invalid_request` with the invalid fields. */
export async function validInput<T extends object>(type: InputClass<T>, value: unknown): Promise<T> {
  const instance = toInstance(type, value);
  const errors = await validate(instance, OPTIONS);
  if (errors.length > 0) throw new Problem('invalid_request', { errors: fieldErrors(errors).slice(0, MAX_ERRORS) });
  return instance;
}

/** Flattens nested errors to paths such as `contacts.0.phone`. A missing value has the message `is required`. */
export function fieldErrors(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap(({ property, value, constraints = {}, children = [] }) => {
    const field = `${parent}${property}`.slice(0, MAX_FIELD_LENGTH);
    const messages = Object.values(constraints).map((message) => shorten(message, property));
    const own = messages.map((message) => ({ field, message: value === undefined ? 'is required' : message }));
    return [...own, ...fieldErrors(children, `${field}.`)];
  });
}

/** Removes the field name from the start of a message, because the error has the field separately. */
function shorten(message: string, property: string): string {
  const short = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  return short.replace(/ 1 elements$/, ' one element');
}
