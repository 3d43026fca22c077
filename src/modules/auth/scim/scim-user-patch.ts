import { NoTarget, scimPatch, type ScimPatchOperation, type ScimResource } from 'scim-patch';
import { Problem } from '../../../platform/problem/index.js';
import { readOperations, type Operation } from './scim-operations.js';
import { MAX_EMAILS, patchableUser, readUser, type ScimUserFields } from './scim-user.js';

const STORED_ATTRIBUTES = new Set(['userName', 'externalId', 'displayName', 'name', 'emails', 'active']);
const SUB_ATTRIBUTES = new Set(['givenName', 'familyName', 'formatted', 'value', 'type', 'primary', 'display']);

/**
 * Returns the fields of a User after a PATCH. Applies all operations or none. Throws the errors of `readOperations` and
 * `readUser`. Throws `scim_no_target` for the replacement of a missing value.
 */
export function patchUser(before: ScimUserFields, body: unknown): ScimUserFields {
  const operations = readOperations(body, STORED_ATTRIBUTES).map(toSafeOperation);
  let patched: ScimResource;
  try {
    patched = scimPatch(patchableUser(before) as unknown as ScimResource, operations, {
      mutateDocument: true,
      treatMissingAsAdd: true,
    });
  } catch (error) {
    if (error instanceof NoTarget) throw new Problem('scim_no_target');
    throw new Problem('scim_invalid_path', { cause: error });
  }
  return readUser(patched, before);
}

/**
 * Checks an operation before the library applies it. Its sub-attribute must be in the schema, it has few e-mail
 * addresses, and no field name that the library would read as a path.
 */
function toSafeOperation({ op, path, value }: Operation): ScimPatchOperation {
  const part = /\.([^.\]]+)$/.exec(path)?.[1];
  if (part !== undefined && !SUB_ATTRIBUTES.has(part)) throw new Problem('scim_invalid_path');
  if (Array.isArray(value) && value.length > MAX_EMAILS)
    throw new Problem('scim_invalid_value', { detail: `A list can have at most ${MAX_EMAILS} values.` });
  for (const one of Array.isArray(value) ? value : [value]) {
    if (typeof one === 'object' && one !== null && Object.keys(one).some((key) => !/^\$?\w+$/.test(key)))
      throw new Problem('scim_invalid_path');
  }
  return { op, path, value };
}
