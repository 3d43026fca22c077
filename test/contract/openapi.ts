import { readFileSync } from 'node:fs';

/** The subset of JSON Schema that the OpenAPI document of this API uses. */
export interface FieldSchema {
  type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  enum?: (string | number)[];
  format?: string;
  pattern?: string;
  nullable?: boolean;
  description?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  items?: FieldSchema;
  allOf?: FieldSchema[];
  $ref?: string;
}

/** The schema of a request or response class. */
export interface ClassSchema {
  properties: Record<string, FieldSchema>;
  required: string[];
}

interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header';
  required?: boolean;
  schema: FieldSchema;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: FieldSchema }> };
  responses: Record<string, { content?: Record<string, { schema: FieldSchema }> }>;
}

const document = JSON.parse(readFileSync(`${import.meta.dirname}/../../docs/generated/openapi.json`, 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Partial<ClassSchema>> };
};

function operationOf(method: string, path: string): Operation {
  const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`${method} ${path} is not in docs/generated/openapi.json: npm run docs`);
  return operation;
}

/** Returns the class that a schema refers to, or null. */
export function classOf({ $ref, allOf }: FieldSchema): ClassSchema | null {
  const reference = $ref ?? allOf?.[0]?.$ref;
  return reference === undefined ? null : fieldsIn(reference.split('/').at(-1)!);
}

/** Returns the class of a route's JSON body, or null for a route without a body. */
export function bodyOf(method: string, path: string): ClassSchema | null {
  const schema = operationOf(method, path).requestBody?.content['application/json']?.schema;
  return schema === undefined ? null : classOf(schema);
}

/** Returns the query parameters of a route. */
export function queryOf(method: string, path: string): Parameter[] {
  return (operationOf(method, path).parameters ?? []).filter((parameter) => parameter.in === 'query');
}

/** Returns the paths without parameters whose POST creates a resource with an id. */
export function collections(): string[] {
  return Object.entries(document.paths)
    .filter(([path, { post }]) => {
      const created = post?.responses['201']?.content?.['application/json']?.schema;
      return !path.includes('{') && created !== undefined && 'id' in (classOf(created)?.properties ?? {});
    })
    .map(([path]) => path);
}

/** Returns the body fields and query parameters of a route in the generated OpenAPI document. */
export function takenBy(
  method: string,
  path: string,
): { body: Record<string, FieldSchema> | null; query: Record<string, FieldSchema> } {
  return {
    body: bodyOf(method, path)?.properties ?? null,
    query: Object.fromEntries(queryOf(method, path).map(({ name, schema }) => [name, schema])),
  };
}

/** Returns the extensions of an operation, or undefined for a route that the document omits. */
export function extensionsIn(method: string, path: string): Record<string, unknown> | undefined {
  const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  return operation && Object.fromEntries(Object.entries(operation).filter(([key]) => key.startsWith('x-')));
}

/** Returns the fields of a class. */
export function fieldsIn(name: string): ClassSchema {
  const { properties = {}, required = [] } = document.components.schemas[name] ?? {};
  return { properties, required };
}

const WRONG: Record<NonNullable<FieldSchema['type']>, unknown[]> = {
  string: [5, true, {}, [], ['x']],
  number: ['5', true, {}, [], 1.5, -5, 1e300],
  integer: ['5', true, {}, [], 1.5, -5, 1e300],
  boolean: ['true', 1, 0, {}, []],
  array: ['x', 5, true, {}, [5], ['x'], [[]], [null]],
  object: ['x', 5, true, [], ['x']],
};

/** Returns values of a wrong type for a field. The API must reject each of them. */
export function wrongTypes({ type = 'object', nullable = false }: FieldSchema): unknown[] {
  return nullable ? WRONG[type] : [...WRONG[type], null];
}
