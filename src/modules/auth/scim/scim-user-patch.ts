import { NoTarget, scimPatch, type ScimPatchOperation, type ScimResource } from 'scim-patch';
import { Problem } from '../../../platform/problem/index.js';
import { readOperations, type Operation } from './scim-operations.js';
import { MAX_EMAILS, patchableUser, readUser, type ScimUserFields } from './scim-user.js';

const KEPT = new Set(['userName', 'externalId', 'displayName', 'name', 'emails', 'active']);
const PARTS = new Set(['givenName', 'familyName', 'formatted', 'value', 'type', 'primary', 'display']);

/**
 * The fields after a PATCH of a User, all of its operations or none. Throws what `readOperations` and `readUser` throw,
 * and
 * scim_no_target for a replacement of something that is not there.
 */
export function patchUser(before: ScimUserFields, body: unknown): ScimUserFields {
  const operations = readOperations(body, KEPT).map(safe);
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
 * Values hold few e-mail addresses and no field that would be taken for a path; a part of an attribute is one that the
 * schema has.
 */
function safe({ op, path, value }: Operation): ScimPatchOperation {
  const part = /\.([^.\]]+)$/.exec(path)?.[1];
  if (part !== undefined && !PARTS.has(part)) throw new Problem('scim_invalid_path');
  if (Array.isArray(value) && value.length > MAX_EMAILS)
    throw new Problem('scim_invalid_value', { detail: `a list has more than ${MAX_EMAILS} values` });
  for (const one of Array.isArray(value) ? value : [value]) {
    if (typeof one === 'object' && one !== null && Object.keys(one).some((key) => !/^\$?\w+$/.test(key)))
      throw new Problem('scim_invalid_path');
  }
  return { op, path, value };
}
