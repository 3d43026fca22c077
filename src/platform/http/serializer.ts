import { createRequire } from 'node:module';

// class-transformer stores the metadata of @Expose and @Type in a module that its package does not export by name.
const { defaultMetadataStorage: store } = createRequire(import.meta.url)(
  'class-transformer/cjs/storage.js',
) as typeof import('class-transformer/types/storage.js');

export type ResponseClass = new (...args: never[]) => object;
/**
 * The audience of a response. Staff receive every exposed field; portals receive the fields that are not staff-only.
 */
export type Audience = 'staff' | 'portal';
/** Returns the serializable copy of a value. */
export type Serializer = (value: unknown) => unknown;

/** A field that a response class exposes. */
export interface ResponseField {
  property: string;
  /** The name in the response. */
  name: string;
  staffOnly: boolean;
  /** The response class of the value; Object for free-form data; undefined for scalars, dates, and lists of them. */
  type: ResponseClass | ObjectConstructor | undefined;
}

interface Field {
  from: string;
  to: string;
  serialize: Serializer;
}

const SCALARS: ReadonlySet<unknown> = new Set([undefined, Date, String, Number, Boolean]);
const serializers: Record<Audience, Map<unknown, Serializer>> = { staff: new Map(), portal: new Map() };

/**
 * Returns a function that copies the fields for an audience, including nested classes (`@Type`) and arrays. Compiled
 * once per class and audience. Throws when the class exposes no field.
 */
export function serializerOf(type: ResponseClass, audience: Audience): Serializer {
  const known = serializers[audience].get(type);
  if (known !== undefined) return known;
  const exposed = fieldsOf(type);
  const fields: Field[] = [];
  const serializer: Serializer = (value) => serializeFields(fields, value);
  serializers[audience].set(type, serializer); // set before the fields, because classes can contain themselves
  for (const field of exposed) {
    if (audience === 'staff' || !field.staffOnly)
      fields.push({ from: field.property, to: field.name, serialize: fieldSerializer(type, field, audience) });
  }
  return serializer;
}

/** Returns the exposed fields of a class. A field with any group is staff-only. Throws when there are none. */
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
  if (fields.length === 0) throw new Error(`${type.name} exposes no field: mark the public fields with @Expose()`);
  return fields;
}

function fieldSerializer({ name }: ResponseClass, { property, type }: ResponseField, audience: Audience): Serializer {
  if (type === undefined) return (value) => plain(value, `${name}.${property}`);
  return type === Object ? (value) => value : each(serializerOf(type, audience)); // Object means free-form data
}

function each(serialize: Serializer): Serializer {
  return (value) => (Array.isArray(value) ? value.map(serialize) : serialize(value));
}

function serializeFields(fields: readonly Field[], value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (typeof value !== 'object') throw new Error(`a response class was given a ${typeof value}`);
  const source = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const { from, to, serialize } of fields) result[to] = serialize(source[from]);
  return result;
}

/**
 * Returns scalars and lists of them, with dates as RFC 3339 text, which is cheaper to serialize. Throws for an object
 * without declared fields, because it would expose all its content.
 */
function plain(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => plain(item, field));
  throw new Error(
    `${field} contains an object: declare a response class with @Type(() => …), or @Type(() => Object) if every ` +
      'key is public',
  );
}
