import { createRequire } from 'node:module';
import { getMetadataStorage } from 'class-validator';

// class-transformer stores the metadata of @Type in a module that its package does not export by name.
const { defaultMetadataStorage: types } = createRequire(import.meta.url)(
  'class-transformer/cjs/storage.js',
) as typeof import('class-transformer/types/storage.js');

type DataClass<T extends object = object> = new () => T;

/** The validated fields of a class, each with the class of its value; null for other values. */
type DataFields = ReadonlyMap<string, DataClass | null>;

const SCALARS: ReadonlySet<unknown> = new Set([undefined, Date, String, Number, Boolean, Object]);
const known = new Map<DataClass, DataFields>();

/** Returns the fields of a class that have validation rules. Computed once per class. */
export function validatedFields(type: DataClass): DataFields {
  let fields = known.get(type);
  if (fields === undefined) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
    fields = new Map(rules.map(({ propertyName }) => [propertyName, nestedClass(type, propertyName)]));
    known.set(type, fields);
  }
  return fields;
}

function nestedClass(type: DataClass, field: string): DataClass | null {
  const held: unknown = types.findTypeMetadata(type, field)?.typeFunction?.();
  return SCALARS.has(held) ? null : (held as DataClass);
}

/**
 * Returns an instance of a class with the validated fields of partner data, also in nested classes (`@Type`) and lists
 * of them. Other fields are not read, so a partner can add fields of any size. The caller validates the instance.
 */
export function partnerData<T extends object>(type: DataClass<T>, data: object): T {
  const instance = new type();
  for (const [field, nested] of validatedFields(type)) {
    const value = (data as Record<string, unknown>)[field];
    if (value !== undefined) Object.assign(instance, { [field]: nested === null ? value : nestedData(nested, value) });
  }
  return instance;
}

function nestedData(type: DataClass, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => nestedData(type, item));
  return typeof value === 'object' && value !== null ? partnerData(type, value) : value;
}
