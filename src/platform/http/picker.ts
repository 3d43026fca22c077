import { createRequire } from 'node:module';

// class-transformer keeps what @Expose and @Type declare in a store that its package does not export by name.
const { defaultMetadataStorage: store } = createRequire(import.meta.url)(
  'class-transformer/cjs/storage.js',
) as typeof import('class-transformer/types/storage.js');

export type ResponseClass = new (...args: never[]) => object;
/** Copies from a value what may leave. */
export type Picker = (value: unknown) => unknown;

interface Field {
  from: string;
  to: string;
  pick: Picker;
}

const pickers = new Map<unknown, Picker>();

/**
 * The function that copies the `@Expose()`d fields of a class from any object with such fields, nested classes
 * (`@Type`) and arrays included. Compiled once a class; throws for a class that exposes nothing.
 */
export function pickerOf(type: ResponseClass): Picker {
  const known = pickers.get(type);
  if (known !== undefined) return known;
  const fields: Field[] = [];
  const picker: Picker = (value) => pickFields(fields, value);
  pickers.set(type, picker); // before the fields, for classes that contain themselves
  for (const { propertyName, options } of store.getExposedMetadatas(type)) {
    if (propertyName === undefined || options.toClassOnly) continue;
    fields.push({ from: propertyName, to: options.name ?? propertyName, pick: fieldPicker(type, propertyName) });
  }
  if (fields.length === 0) {
    pickers.delete(type);
    throw new Error(`${type.name} exposes no field: mark the fields that may leave with @Expose()`);
  }
  return picker;
}

function fieldPicker(type: ResponseClass, property: string): Picker {
  const nested: unknown = store.findTypeMetadata(type, property)?.typeFunction?.();
  if (nested === Object) return (value) => value; // declared as free-form
  if (typeof nested !== 'function' || nested === Date || nested === String || nested === Number || nested === Boolean) {
    return (value) => plain(value, `${type.name}.${property}`);
  }
  return each(pickerOf(nested as ResponseClass));
}

function each(pick: Picker): Picker {
  return (value) => (Array.isArray(value) ? value.map(pick) : pick(value));
}

function pickFields(fields: readonly Field[], value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (typeof value !== 'object') throw new Error(`a response class was given a ${typeof value}`);
  const source = value as Record<string, unknown>;
  const picked: Record<string, unknown> = {};
  for (const { from, to, pick } of fields) picked[to] = pick(source[from]);
  return picked;
}

/** Lets scalars and lists of them pass, and dates as RFC 3339 text, which is far cheaper to serialize. An object without declared fields would carry along whatever it holds. */
function plain(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => plain(item, field));
  throw new Error(`${field} holds an object: give it a response class with @Type(() => …), or @Type(() => Object) if every key may leave`);
}
