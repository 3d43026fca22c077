import fc from 'fast-check';
import { newId } from '../../src/platform/clock/id.js';
import type { Ids } from './fixtures.js';
import { bodyOf, classOf, queryOf, type ClassSchema, type FieldSchema } from './openapi.js';

/** The source of default values: the ids of a tenant, one of its roles, and the text for free-text fields. */
export interface Source {
  ids: Partial<Ids>;
  role: string;
  text: string;
}

/** The resource of a collection path, for collections whose rows need more than a default sample. */
export const COLLECTIONS: Readonly<Record<string, keyof Ids>> = {
  '/v1/access/grants': 'accessGrant',
  '/v1/access/reviews': 'accessReview',
  '/v1/api-keys': 'apiKey',
  '/v1/assignments': 'assignment',
  '/v1/auth/devices': 'device',
  '/v1/auth/passkeys': 'passkey',
  '/v1/auth/sessions': 'session',
  '/v1/exports': 'export',
  '/v1/invites': 'invite',
  '/v1/memberships': 'membership',
  '/v1/people': 'person',
  '/v1/sso/connections': 'connection',
  '/v1/sso/domains': 'domain',
  '/v1/webhook-sources': 'source',
};

/** Fields and path parameters that must name an existing resource. */
const KNOWN: Readonly<Record<string, (source: Source) => string | undefined>> = {
  personId: ({ ids }) => ids.person,
  membershipId: ({ ids }) => ids.membership,
  userId: ({ ids }) => ids.user,
  deliveryId: ({ ids }) => ids.delivery,
  itemId: ({ ids }) => ids.accessReviewItem,
  role: ({ role }) => role,
  permission: () => 'person:read',
  permissions: () => 'person:read',
};
/** Path parameters that are not fields. */
const KNOWN_PARAMETERS: typeof KNOWN = { ...KNOWN, role: ({ ids }) => ids.role, name: () => 'sessions.expired' };

const isId = ({ format }: FieldSchema) => format === 'uuid';
const bounded = (value: number, { minimum = -Infinity, maximum = Infinity }: FieldSchema) =>
  Math.min(Math.max(value, minimum), maximum);

/** Returns a string of an allowed length, or one that matches the pattern of the schema. */
function textFor({ format, pattern, minLength = 0, maxLength = Infinity }: FieldSchema, { text }: Source): string {
  if (format === 'email') return `${newId()}@test.example`;
  if (pattern !== undefined) return fc.sample(fc.stringMatching(new RegExp(pattern)), { seed: 1, numRuns: 1 })[0]!;
  return text.padEnd(minLength, 'x').slice(0, maxLength);
}

/** Returns a value that the field accepts. Throws for an id of a resource that the tenant does not have. */
function valueFor(name: string, schema: FieldSchema, source: Source): unknown {
  const known = KNOWN[name]?.(source);
  const { type = 'object', enum: values, items } = schema;
  if (type === 'array') return items === undefined ? [] : [known ?? valueFor(name, items, source)];
  if (known !== undefined) return known;
  if (values !== undefined) return values[0];
  if (isId(schema)) throw new Error(`no default for the id "${name}": add the route to SAMPLES`);
  if (type === 'string') return textFor(schema, source);
  if (type === 'number' || type === 'integer') return bounded(30, schema);
  if (type === 'boolean') return true;
  const nested = classOf(schema);
  return nested === null ? {} : objectFor(nested, source);
}

/**
 * Returns every required field and every optional id with a known value. If no field qualifies, returns the first
 * field, so that an update changes something.
 */
function objectFor({ properties, required }: ClassSchema, source: Source): Record<string, unknown> {
  const fields = Object.entries(properties);
  const selected = fields.filter(
    ([name, schema]) =>
      required.includes(name) || (isId(schema) && !schema.nullable && KNOWN[name]?.(source) !== undefined),
  );
  return Object.fromEntries(
    (required.length === 0 && selected.length === 0 ? fields.slice(0, 1) : selected).map(([name, schema]) => [
      name,
      valueFor(name, schema, source),
    ]),
  );
}

/** Returns a body that the route accepts, or undefined for a route without a body. */
export function defaultBody(method: string, path: string, source: Source): Record<string, unknown> | undefined {
  const schema = bodyOf(method, path);
  return schema === null ? undefined : objectFor(schema, source);
}

/** Returns the path parameters: the id of a row in the preceding collection, or the known value of the name. */
export function defaultParams(path: string, source: Source): Record<string, string> {
  return Object.fromEntries(
    [...path.matchAll(/\/:(\w+)/g)].map(({ 1: name = '', index }) => {
      const collection = path.slice(0, index);
      const known = COLLECTIONS[collection];
      const value =
        name === 'id' ? source.ids[known ?? (collection as `/${string}`)] : KNOWN_PARAMETERS[name]?.(source);
      if (value === undefined)
        throw new Error(`no default for :${name} of ${path}: add the route to SAMPLES in test/contract/samples.ts`);
      return [name, value];
    }),
  );
}

/** Returns the query parameters: required ones, a small page, and every filter with an enum or a known id. */
export function defaultQuery(method: string, path: string, source: Source): Record<string, string> {
  return Object.fromEntries(
    queryOf(method, path)
      .filter(
        ({ name, required, schema }) =>
          required || name === 'limit' || schema.enum !== undefined || (isId(schema) && name in KNOWN),
      )
      .map(({ name, schema }) => [name, name === 'limit' ? '10' : String(valueFor(name, schema, source))]),
  );
}
