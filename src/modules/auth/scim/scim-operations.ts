import { Problem } from '../../../platform/problem/index.js';
import { attribute, listOf, objectOf, type Json } from './scim-values.js';

/** One operation of a PATCH on one attribute (RFC 7644 section 3.5.2), without the schema's name. */
export interface Operation {
  op: 'add' | 'replace' | 'remove';
  /** The attribute it is about, as the schema spells it. */
  attribute: string;
  /** The whole path, as the schema spells the attribute. */
  path: string;
  value: unknown;
}

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:patchop';
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i;
const EXTENSION = /^urn:[\w:.-]+/i;
const PATH = /^([a-z$][\w$-]*)(\[[^[\]]*\])?(?:\.([a-z$][\w$-]*))?$/i;
const READ_ONLY = new Set(['id', 'meta', 'groups']);
const SPELLING = new Map(
  [
    'userName',
    'externalId',
    'displayName',
    'name',
    'emails',
    'active',
    'members',
    'givenName',
    'familyName',
    'formatted',
    'value',
    'type',
    'primary',
    'id',
    'meta',
    'groups',
  ].map((name) => [name.toLowerCase(), name]),
);
const MAX_OPERATIONS = 100;
const LONGEST_PATH = 500;
const MAX_VALUES = 20_000;

/**
 * The operations of a PATCH that concern attributes we keep, one an attribute; the rest are passed over, as a
 * directory's own attributes may
 * be. Throws scim_invalid_syntax, scim_invalid_path, scim_no_target, scim_mutability, scim_invalid_value.
 */
export function readOperations(body: unknown, kept: ReadonlySet<string>): Operation[] {
  const patch = objectOf(body);
  const schemas = listOf(attribute(patch, 'schemas'));
  if (!schemas.some((schema) => String(schema).toLowerCase() === PATCH_SCHEMA))
    throw new Problem('scim_invalid_syntax', { detail: 'schemas does not name PatchOp' });
  const operations = attribute(patch, 'Operations');
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > MAX_OPERATIONS) {
    throw new Problem('scim_invalid_syntax', { detail: `Operations must be a list of 1 to ${MAX_OPERATIONS}` });
  }
  if (weigh(operations) > MAX_VALUES)
    throw new Problem('scim_invalid_value', { detail: 'the operations hold too much at once' });
  return operations
    .flatMap((one) => expanded(objectOf(one, 'an operation')))
    .filter((operation) => kept.has(operation.attribute));
}

/**
 * An operation without a path is one for each field of its value; Entra ID writes whole paths as the names of fields.
 */
function expanded(operation: Json): Operation[] {
  const op = String(attribute(operation, 'op')).toLowerCase();
  if (op !== 'add' && op !== 'replace' && op !== 'remove')
    throw new Problem('scim_invalid_syntax', { detail: 'op must be add, replace or remove' });
  const [path, value] = [attribute(operation, 'path'), attribute(operation, 'value')];
  if (op !== 'remove' && !Object.keys(operation).some((key) => key.toLowerCase() === 'value'))
    throw new Problem('scim_invalid_value', { detail: 'the operation has no value' });
  if (path !== undefined) {
    const found = target(path);
    if (READ_ONLY.has(found.attribute)) throw new Problem('scim_mutability');
    return [{ op, ...found, value }];
  }
  if (op === 'remove') throw new Problem('scim_no_target', { detail: 'remove needs a path' });
  return Object.entries(objectOf(value, 'the value of an operation without a path')).map(([key, one]) => ({
    op,
    ...target(key),
    value: one,
  }));
}

function target(path: unknown): Pick<Operation, 'attribute' | 'path'> {
  if (typeof path !== 'string' || path.length > LONGEST_PATH) throw new Problem('scim_invalid_path');
  const local = path.replace(CORE, '');
  const extension = EXTENSION.exec(local);
  if (extension !== null) return { attribute: extension[0], path: local };
  const [, name, filter = '', sub] = PATH.exec(local) ?? [];
  if (name === undefined) throw new Problem('scim_invalid_path');
  return { attribute: spelled(name), path: `${spelled(name)}${filter}${sub === undefined ? '' : `.${spelled(sub)}`}` };
}

function spelled(name: string): string {
  return SPELLING.get(name.toLowerCase()) ?? name;
}

/** How many values there are in a value, at any depth. */
function weigh(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, one) => sum + weigh(one), 1);
}
