import { Problem } from '../../../platform/problem/index.js';
import { CORE_ATTRIBUTES, declaredIn, ENTERPRISE_ATTRIBUTES, ENTERPRISE_SCHEMA } from './scim-attributes.js';
import type { UserAttribute } from './scim-attributes.js';
import { attribute, listOf, objectOf, type Json } from './scim-values.js';

/** One operation of a PATCH on one attribute (RFC 7644 section 3.5.2). The path has no schema prefix. */
export interface Operation {
  op: 'add' | 'replace' | 'remove';
  /** The name of the attribute, in the spelling of the schema. An extension has its schema as the prefix. */
  attribute: string;
  /** The full path, in the spelling of the schema. */
  path: string;
  value: unknown;
}

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:patchop';
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i;
const EXTENSION = /^urn:[\w:.-]+/i;
/** Microsoft Entra ID also sends a dot between the schema and the attribute. */
const ENTERPRISE = new RegExp(`^${ENTERPRISE_SCHEMA.replaceAll('.', '\\.')}(?:[:.]|$)`, 'i');
const PATH = /^([a-z$][\w$-]*)(\[[^[\]]*\])?(?:\.([a-z$][\w$-]*))?$/i;
const READ_ONLY = new Set(['id', 'meta', 'groups']);
const SPELLING = new Map(
  ['userName', 'externalId', 'members', 'value', 'id', 'meta', 'groups', ...namesOf(CORE_ATTRIBUTES)].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);
const MAX_OPERATIONS = 100;
const MAX_PATH_LENGTH = 500;
const MAX_VALUES = 20_000;

/**
 * Returns the operations of a PATCH on stored attributes, one operation for each attribute. Ignores other attributes,
 * because directories also send their own. Throws `scim_invalid_syntax`, `scim_invalid_path`, `scim_no_target`,
 * `scim_mutability`, or `scim_invalid_value`.
 */
export function readOperations(body: unknown, stored: ReadonlySet<string>): Operation[] {
  const patch = objectOf(body);
  const schemas = listOf(attribute(patch, 'schemas'));
  if (!schemas.some((schema) => String(schema).toLowerCase() === PATCH_SCHEMA))
    throw new Problem('scim_invalid_syntax', { detail: 'The attribute schemas must contain the PatchOp schema.' });
  const operations = attribute(patch, 'Operations');
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > MAX_OPERATIONS) {
    throw new Problem('scim_invalid_syntax', {
      detail: `The attribute Operations must be a list of 1 to ${MAX_OPERATIONS} operations.`,
    });
  }
  if (countValues(operations) > MAX_VALUES)
    throw new Problem('scim_invalid_value', { detail: 'The operations contain too many values.' });
  return operations
    .flatMap((one) => expand(objectOf(one, 'An operation')))
    .filter((operation) => stored.has(operation.attribute));
}

/**
 * Splits an operation without a path into one operation for each field of its value. Microsoft Entra ID sends full
 * paths as field names.
 */
function expand(operation: Json): Operation[] {
  const op = String(attribute(operation, 'op')).toLowerCase();
  if (op !== 'add' && op !== 'replace' && op !== 'remove')
    throw new Problem('scim_invalid_syntax', { detail: 'The attribute op must be add, replace, or remove.' });
  const [path, value] = [attribute(operation, 'path'), attribute(operation, 'value')];
  if (op !== 'remove' && !hasField(operation, 'value'))
    throw new Problem('scim_invalid_value', { detail: 'The operation has no value.' });
  if (path !== undefined) {
    const found = targets(path, value);
    if (found.some((one) => READ_ONLY.has(one.attribute))) throw new Problem('scim_mutability');
    return found.map((one) => ({ op, ...one }));
  }
  if (op === 'remove') throw new Problem('scim_no_target', { detail: 'The operation remove requires a path.' });
  return Object.entries(objectOf(value, 'The value of an operation without a path')).flatMap(([key, one]) =>
    targets(key, one).map((found) => ({ op, ...found })),
  );
}

/** Returns the targets of a path with their values: one, or one for each attribute of the whole extension. */
function targets(path: unknown, value: unknown): Omit<Operation, 'op'>[] {
  const extension = typeof path === 'string' ? ENTERPRISE.exec(path)?.[0] : undefined;
  if (extension === undefined || extension.length < String(path).length) return [{ ...target(path), value }];
  const values = value === undefined || value === null ? undefined : objectOf(value, 'The extension');
  return ENTERPRISE_ATTRIBUTES.filter(({ name }) => values === undefined || hasField(values, name)).map(({ name }) => ({
    attribute: `${ENTERPRISE_SCHEMA}:${name}`,
    path: `${ENTERPRISE_SCHEMA}:${name}`,
    value: values === undefined ? null : (attribute(values, name) ?? null),
  }));
}

function hasField(object: Json, name: string): boolean {
  return Object.keys(object).some((key) => key.toLowerCase() === name.toLowerCase());
}

function target(path: unknown): Pick<Operation, 'attribute' | 'path'> {
  if (typeof path !== 'string' || path.length > MAX_PATH_LENGTH) throw new Problem('scim_invalid_path');
  const enterprise = ENTERPRISE.exec(path)?.[0];
  if (enterprise !== undefined) return extensionTarget(path.slice(enterprise.length));
  const local = path.replace(CORE, '');
  const extension = EXTENSION.exec(local);
  if (extension !== null) return { attribute: extension[0], path: local };
  const [, name, filter = '', sub] = PATH.exec(local) ?? [];
  if (name === undefined) throw new Problem('scim_invalid_path');
  return {
    attribute: canonicalName(name),
    path: `${canonicalName(name)}${filter}${sub === undefined ? '' : `.${canonicalName(sub)}`}`,
  };
}

function extensionTarget(path: string): Pick<Operation, 'attribute' | 'path'> {
  const [name = '', ...parts] = path.split('.');
  const attributeName = `${ENTERPRISE_SCHEMA}:${declaredIn(ENTERPRISE_ATTRIBUTES, name)?.name ?? name}`;
  return { attribute: attributeName, path: [attributeName, ...parts.map(canonicalName)].join('.') };
}

function namesOf(attributes: readonly UserAttribute[]): string[] {
  return attributes.flatMap(({ name, parts }) => [name, ...namesOf(parts ?? [])]);
}

function canonicalName(name: string): string {
  return SPELLING.get(name.toLowerCase()) ?? name;
}

/** Returns the number of values in a value, at any depth. */
function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, one) => sum + countValues(one), 1);
}
