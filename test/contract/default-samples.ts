import fc from 'fast-check';
import { newId } from '../../src/platform/clock/id.js';
import type { Ids } from './fixtures.js';
import { bodyOf, classOf, queryOf, type ClassSchema, type FieldSchema } from './openapi.js';

/** What default values are taken from: the ids of a tenant, a role that it has, and the text for free-text fields. */
export interface Source {
  ids: Partial<Ids>;
  role: string;
  text: string;
}

/** The kind of row that a path lists, for collections whose rows need more than a default sample. */
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

/** Fields and path parameters that must name something that exists. */
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

/** A text of the length that a schema allows; one that matches the pattern, where there is one. */
function textFor({ format, pattern, minLength = 0, maxLength = Infinity }: FieldSchema, { text }: Source): string {
  if (format === 'email') return `${newId()}@test.example`;
  if (pattern !== undefined) return fc.sample(fc.stringMatching(new RegExp(pattern)), { seed: 1, numRuns: 1 })[0]!;
  return text.padEnd(minLength, 'x').slice(0, maxLength);
}

/** A value that a field accepts. Throws for an id of something that the tenant does not have. */
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
 * Every required field, and every optional id that is known; the first field of a class that requires none, so that a
 * change changes something.
 */
function objectFor({ properties, required }: ClassSchema, source: Source): Record<string, unknown> {
  const fields = Object.entries(properties);
  const wanted = fields.filter(
    ([name, schema]) =>
      required.includes(name) || (isId(schema) && !schema.nullable && KNOWN[name]?.(source) !== undefined),
  );
  return Object.fromEntries(
    (required.length === 0 && wanted.length === 0 ? fields.slice(0, 1) : wanted).map(([name, schema]) => [
      name,
      valueFor(name, schema, source),
    ]),
  );
}

/** A body that a route accepts; undefined for a route without one. */
export function defaultBody(method: string, path: string, source: Source): Record<string, unknown> | undefined {
  const schema = bodyOf(method, path);
  return schema === null ? undefined : objectFor(schema, source);
}

/** Path parameters: the id of a row of the collection before it, or the known value of its name. */
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

/** Query parameters: those that are required, a small page, every filter by a list of values or by a known id. */
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
