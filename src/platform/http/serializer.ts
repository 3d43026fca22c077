import { createRequire } from 'node:module';

// class-transformer keeps what @Expose and @Type declare in a store that its package does not export by name.
const { defaultMetadataStorage: store } = createRequire(import.meta.url)(
  'class-transformer/cjs/storage.js',
) as typeof import('class-transformer/types/storage.js');

export type ResponseClass = new (...args: never[]) => object;
/** Whom an answer is for: staff is given every exposed field, a portal those that are not for staff alone. */
export type Audience = 'staff' | 'portal';
/** Copies from a value what may leave. */
export type Serializer = (value: unknown) => unknown;

/** A field that a response class exposes. */
export interface ResponseField {
  property: string;
  /** What it is called in the answer. */
  name: string;
  staffOnly: boolean;
  /**
   * The response class of what it holds; Object where it is free-form; undefined for scalars, dates and lists of them.
   */
  type: ResponseClass | ObjectConstructor | undefined;
}

interface Field {
  from: string;
  to: string;
  pick: Serializer;
}

const SCALARS: ReadonlySet<unknown> = new Set([undefined, Date, String, Number, Boolean]);
const pickers: Record<Audience, Map<unknown, Serializer>> = { staff: new Map(), portal: new Map() };

/**
 * The function that copies what an audience may have of a class from any object with such fields, nested classes
 * (`@Type`) and arrays included. Compiled once a class and audience; throws for a class that exposes nothing.
 */
export function serializerOf(type: ResponseClass, audience: Audience): Serializer {
  const known = pickers[audience].get(type);
  if (known !== undefined) return known;
  const exposed = fieldsOf(type);
  const fields: Field[] = [];
  const serializer: Serializer = (value) => pickFields(fields, value);
  pickers[audience].set(type, serializer); // before the fields, for classes that contain themselves
  for (const field of exposed) {
    if (audience === 'staff' || !field.staffOnly)
      fields.push({ from: field.property, to: field.name, pick: fieldPicker(type, field, audience) });
  }
  return serializer;
}

/**
 * The fields that a class exposes. One exposed to a group, whatever the group, is for staff alone. Throws when there
 * are none.
 */
export function fieldsOf(type: ResponseClass): ResponseField[] {
  const fields = store
    .getExposedMetadatas(type)
    .flatMap(({ propertyName: property, options: { name, groups, toClassOnly } }) => {
      if (property === undefined || toClassOnly) return [];
      const held: unknown = store.findTypeMetadata(type, property)?.typeFunction?.();
      return [
        {
          property,
          name: name ?? property,
          staffOnly: groups !== undefined,
          type: SCALARS.has(held) ? undefined : (held as ResponseClass),
        },
      ];
    });
  if (fields.length === 0)
    throw new Error(`${type.name} exposes no field: mark the fields that may leave with @Expose()`);
  return fields;
}

function fieldPicker({ name }: ResponseClass, { property, type }: ResponseField, audience: Audience): Serializer {
  if (type === undefined) return (value) => plain(value, `${name}.${property}`);
  return type === Object ? (value) => value : each(serializerOf(type, audience)); // Object is declared as free-form
}

function each(pick: Serializer): Serializer {
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

/**
 * Lets scalars and lists of them pass, and dates as RFC 3339 text, which is far cheaper to serialize. An object without
 * declared fields would carry along whatever it holds.
 */
function plain(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => plain(item, field));
  throw new Error(
    `${field} holds an object: give it a response class with @Type(() => …), or @Type(() => Object) if every ` +
      'key may leave',
  );
}
