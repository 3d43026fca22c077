import { createRequire } from 'node:module';
import { getMetadataStorage } from 'class-validator';
import { Problem, type FieldError } from '../problem/problem.js';
import { isComposed } from './composed.js';

// class-transformer stores the metadata of @Type in a module that its package does not export by name.
const { defaultMetadataStorage: types } = createRequire(import.meta.url)(
  'class-transformer/cjs/storage.js',
) as typeof import('class-transformer/types/storage.js');

export const MAX_ERRORS = 50;
export const MAX_FIELD_LENGTH = 200;

/** A class of a body, a query, or the data of a partner system. Its fields have validation decorators. */
export type InputClass<T extends object = object> = new () => T;

/** Collects unknown fields; null ignores them. */
type Unknown = FieldError[] | null;
/** Returns the value for the instance. `path` ends with a full stop. */
type Convert = (value: unknown, path: string, unknown: Unknown) => unknown;

const PLAIN: ReadonlySet<unknown> = new Set([undefined, Date, String, Boolean, Object]);
const known = new Map<InputClass, ReadonlyMap<string, Convert>>();

/**
 * Returns an instance of the class with the fields of the value, before validation. Rejects unknown fields without
 * reading their values. Converts only nested classes and numbers (`@Type`) and composed text. Takes every other value
 * as it is, so that the work depends on the declared fields and not on the size of the value. Throws invalid_request
 * with up to 50 unknown fields.
 */
export function toInstance<T extends object>(type: InputClass<T>, value: unknown): T {
  const unknown: FieldError[] = [];
  const instance = build(type, value, '', unknown);
  if (unknown.length > 0) throw new Problem('invalid_request', { errors: unknown });
  if (typeof instance !== 'object' || instance === null || Array.isArray(instance))
    throw new Problem('invalid_request', { detail: 'the body must be a JSON object' });
  return instance as T;
}

/**
 * Returns an instance like {@link toInstance}, but does not read unknown fields at any depth, so that a partner system
 * can add fields at any time.
 */
export function toInstanceOfKnown<T extends object>(type: InputClass<T>, value: object): T {
  return build(type, value, '', null) as T;
}

/** Returns an instance of the class for an object, and any other value unchanged. */
function build(type: InputClass, value: unknown, path: string, unknown: Unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = fieldsOf(type);
  const instance = new type() as Record<string, unknown>;
  const given = value as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    const convert = fields.get(name);
    if (convert !== undefined) instance[name] = convert(given[name], `${path}${name}.`, unknown);
    else if (unknown !== null && unknown.length < MAX_ERRORS)
      unknown.push({ field: `${path}${name}`.slice(0, MAX_FIELD_LENGTH), message: 'is not a known field' });
  }
  return instance;
}

/** Returns the declared fields of a class, those with a validation decorator, with their conversion. */
export function fieldsOf(type: InputClass): ReadonlyMap<string, Convert> {
  let fields = known.get(type);
  if (fields === undefined) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
    fields = new Map(rules.map(({ propertyName }) => [propertyName, converterOf(type, propertyName)]));
    known.set(type, fields);
  }
  return fields;
}

function converterOf(type: InputClass, property: string): Convert {
  const held: unknown = types.findTypeMetadata(type, property)?.typeFunction?.();
  if (held === Number) return (value) => (value === null || value === undefined ? value : Number(value));
  if (isComposed(type, property)) return (value) => (typeof value === 'string' ? value.normalize('NFC') : value);
  if (PLAIN.has(held)) return (value) => value;
  const nested = held as InputClass;
  return (value, path, unknown) =>
    Array.isArray(value)
      ? value.map((item, i) => build(nested, item, `${path}${i}.`, unknown))
      : build(nested, value, path, unknown);
}
