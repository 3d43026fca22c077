import { readFileSync } from 'node:fs';

/** A JSON schema as far as the description of our API uses it. */
export interface FieldSchema {
  type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  enum?: string[];
  format?: string;
  pattern?: string;
  nullable?: boolean;
  description?: string;
  $ref?: string;
}

interface Operation {
  parameters?: { name: string; in: 'query' | 'path' | 'header'; schema: FieldSchema }[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
}

const document = JSON.parse(readFileSync(`${import.meta.dirname}/../../docs/generated/openapi.json`, 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties?: Record<string, FieldSchema>; required?: string[] }> };
};

/** What the generated description, which `npm test` keeps current, says that a route takes. */
export function takenBy(
  method: string,
  path: string,
): { body: Record<string, FieldSchema> | null; query: Record<string, FieldSchema> } {
  const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`${method} ${path} is not in docs/generated/openapi.json: npm run docs`);
  const reference = operation.requestBody?.content['application/json']?.schema.$ref?.split('/').at(-1);
  return {
    body: reference === undefined ? null : (document.components.schemas[reference]?.properties ?? {}),
    query: Object.fromEntries(
      (operation.parameters ?? []).filter((p) => p.in === 'query').map(({ name, schema }) => [name, schema]),
    ),
  };
}

/** The extensions of an operation, or undefined for a route that the description leaves out. */
export function extensionsIn(method: string, path: string): Record<string, unknown> | undefined {
  const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  return operation && Object.fromEntries(Object.entries(operation).filter(([key]) => key.startsWith('x-')));
}

/** What it says of the fields of a class. */
export function fieldsIn(name: string): { properties: Record<string, FieldSchema>; required: string[] } {
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

/** Values of another type than a field has; none of them may pass. */
export function wrongTypes({ type = 'object', nullable = false }: FieldSchema): unknown[] {
  return nullable ? WRONG[type] : [...WRONG[type], null];
}
