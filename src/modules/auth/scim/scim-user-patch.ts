import { scimPatch, type ScimPatchOperation, type ScimResource } from 'scim-patch';
import { Problem } from '../../../platform/problem/index.js';
import { CORE_ATTRIBUTES, ENTERPRISE_ATTRIBUTES, ENTERPRISE_SCHEMA, type UserAttribute } from './scim-attributes.js';
import { MAX_ENTRIES } from './scim-attribute-values.js';
import { impliedPrimary } from './scim-emails.js';
import { patchEntries } from './scim-entry-patch.js';
import { readOperations } from './scim-operations.js';
import { toSafeOperation, type EntryOperation } from './scim-safe-operation.js';
import { patchableUser, readUser, type ScimUserFields } from './scim-user.js';
import { attribute, booleanOf, listOf, type Json } from './scim-values.js';

/** The targets of a patch, by name; those of the extension by their full path. */
const TARGETS: ReadonlyMap<string, UserAttribute> = new Map([
  ...['userName', 'externalId'].map((name): [string, UserAttribute] => [name, { name, description: '' }]),
  ...CORE_ATTRIBUTES.map((one): [string, UserAttribute] => [one.name, one]),
  ...ENTERPRISE_ATTRIBUTES.map((one): [string, UserAttribute] => [`${ENTERPRISE_SCHEMA}:${one.name}`, one]),
]);
const STORED_ATTRIBUTES = new Set(TARGETS.keys());
/** Of all operations together. The library compares every entry of a list in every operation. */
const MAX_LISTED_ENTRIES = 5 * MAX_ENTRIES;

/**
 * Returns the fields of a User after a PATCH. Applies all operations or none. Throws the errors of `readOperations` and
 * `readUser`. Throws `scim_no_target` for the replacement of a missing value.
 */
export function patchUser(before: ScimUserFields, body: unknown): ScimUserFields {
  const operations = readOperations(body, STORED_ATTRIBUTES).map((operation) =>
    toSafeOperation(operation, TARGETS.get(operation.attribute)!),
  );
  const listed = operations.reduce((sum, { value }) => sum + (Array.isArray(value) ? value.length : 0), 0);
  if (listed > MAX_LISTED_ENTRIES)
    throw new Problem('scim_invalid_value', {
      detail: `The lists of a request can have at most ${MAX_LISTED_ENTRIES} values.`,
    });
  const document = patchableUser(before);
  // the library changes the document in place
  const implied = impliedPrimary(document.emails, before);
  const marked = document.emails.filter(isPrimary);
  for (const operation of operations) apply(document, operation);
  const isReplaced = listOf(document.emails).some((one) => isPrimary(one) && !marked.includes(one as Json));
  // RFC 7644 section 3.5.2: a new primary address replaces the other one
  if (isReplaced) for (const one of marked) delete one['primary'];
  else if (implied !== undefined && !operations.some(setsPrimary)) delete implied['primary'];
  return readUser(document, before);
}

function apply(document: Json, operation: ScimPatchOperation | EntryOperation): void {
  if ('filter' in operation) {
    patchEntries(document, operation);
    return;
  }
  try {
    scimPatch(document as unknown as ScimResource, [operation], { mutateDocument: true });
  } catch (error) {
    throw new Problem('scim_invalid_path', { cause: error });
  }
}

/** Returns whether an e-mail address is marked as primary. Other values are not. */
function isPrimary(one: unknown): boolean {
  return (
    typeof one === 'object' && one !== null && booleanOf(attribute(one as Json, 'primary'), 'emails.primary') === true
  );
}

/** Returns whether an operation says which address is primary. */
function setsPrimary(operation: ScimPatchOperation | EntryOperation): boolean {
  const [name, part] = 'filter' in operation ? [operation.list, operation.part] : [operation.path, undefined];
  const isNamed = listOf(operation.value).some((one) => typeof one === 'object' && one !== null && 'primary' in one);
  return name === 'emails' && (part === 'primary' || isNamed);
}
