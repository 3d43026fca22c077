import { NoTarget, scimPatch, type ScimPatchOperation, type ScimResource } from 'scim-patch';
import { Problem } from '../../../platform/problem/index.js';
import { readOperations, type Operation } from './scim-operations.js';
import { impliedPrimary, MAX_EMAILS } from './scim-emails.js';
import { patchableUser, readUser, type ScimUserFields } from './scim-user.js';
import { attribute, booleanOf, listOf, type Json } from './scim-values.js';

const STORED_ATTRIBUTES = new Set(['userName', 'externalId', 'displayName', 'name', 'emails', 'active']);
/** Of all operations together. The library compares every address in every operation. */
const MAX_LISTED_EMAILS = 5 * MAX_EMAILS;
const SUB_ATTRIBUTES = new Set(['givenName', 'familyName', 'formatted', 'value', 'type', 'primary', 'display']);

/**
 * Returns the fields of a User after a PATCH. Applies all operations or none. Throws the errors of `readOperations` and
 * `readUser`. Throws `scim_no_target` for the replacement of a missing value.
 */
export function patchUser(before: ScimUserFields, body: unknown): ScimUserFields {
  const operations = readOperations(body, STORED_ATTRIBUTES).map(toSafeOperation);
  const listed = operations.reduce((sum, { value }) => sum + (Array.isArray(value) ? value.length : 0), 0);
  if (listed > MAX_LISTED_EMAILS)
    throw new Problem('scim_invalid_value', { detail: `A request can list at most ${MAX_LISTED_EMAILS} emails.` });
  const document = patchableUser(before);
  // the library changes the document in place
  const implied = impliedPrimary(document.emails, before);
  const marked = document.emails.filter(isPrimary);
  let patched: ScimResource;
  try {
    patched = scimPatch(document as unknown as ScimResource, operations, {
      mutateDocument: true,
      treatMissingAsAdd: true,
    });
  } catch (error) {
    if (error instanceof NoTarget) throw new Problem('scim_no_target');
    throw new Problem('scim_invalid_path', { cause: error });
  }
  const isReplaced = listOf(attribute(patched as unknown as Json, 'emails')).some(
    (one) => isPrimary(one) && !marked.includes(one as Json),
  );
  // RFC 7644 section 3.5.2: a new primary address replaces the other one
  if (isReplaced) for (const one of marked) delete one['primary'];
  else if (implied !== undefined && !operations.some(setsPrimary)) delete implied['primary'];
  return readUser(patched, before);
}

/** Returns whether an e-mail address is marked as primary. Other values are not. */
function isPrimary(one: unknown): boolean {
  return (
    typeof one === 'object' && one !== null && booleanOf(attribute(one as Json, 'primary'), 'emails.primary') === true
  );
}

/** Returns whether an operation says which address is primary. */
function setsPrimary({ path, value }: ScimPatchOperation): boolean {
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  const isNamed = entries.some((one) => typeof one === 'object' && one !== null && 'primary' in one);
  return path?.endsWith('.primary') === true || (isNamed && path?.startsWith('emails') === true);
}

/**
 * Checks an operation before the library applies it. Its sub-attribute must be in the schema, it has few e-mail
 * addresses, and no field name that the library would read as a path.
 */
function toSafeOperation({ op, path, value }: Operation): ScimPatchOperation {
  const part = /\.([^.\]]+)$/.exec(path)?.[1];
  if (part !== undefined && !SUB_ATTRIBUTES.has(part)) throw new Problem('scim_invalid_path');
  // The library would set a property of the list, which no reader sees.
  if (path.startsWith('emails.')) throw new Problem('scim_invalid_path', { detail: 'Select an address by a filter.' });
  if (Array.isArray(value) && value.length > MAX_EMAILS)
    throw new Problem('scim_invalid_value', { detail: `A list can have at most ${MAX_EMAILS} values.` });
  for (const one of Array.isArray(value) ? value : [value]) {
    if (typeof one === 'object' && one !== null && Object.keys(one).some((key) => !/^\$?\w+$/.test(key)))
      throw new Problem('scim_invalid_path');
  }
  // RFC 7643 section 2.5: null is the same as no value
  if (op === 'replace' && (value ?? null) === null) return { op: 'remove', path };
  // RFC 7644 section 3.5.2.2 defines no value here; a list alone selects its entries by value, as directories send them
  return op === 'remove' && path !== 'emails' ? { op, path } : { op, path, value };
}
