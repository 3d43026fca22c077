import { Problem } from '../../../platform/problem/index.js';
import { readOperations, type Operation } from './scim-operations.js';
import { attribute, listOf, objectOf, requiredText, textOf } from './scim-values.js';

export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const STORED_ATTRIBUTES = new Set(['displayName', 'externalId', 'members']);
const MAX_MEMBERS = 20_000;
/** Fits into the body limit of 256 KiB: a member takes about 50 bytes. */
export const MAX_LISTED_MEMBERS = 5_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The stored fields of a SCIM Group. `members` are ids of Users. */
export interface ScimGroupFields {
  displayName: string;
  externalId: string | null;
  members: string[];
}

/** Returns whether a text has the format of a resource id. */
export function isResourceId(id: string): boolean {
  return UUID.test(id);
}

/**
 * Parses a Group resource (RFC 7643 section 4.2). Throws `scim_invalid_syntax`, `scim_invalid_value`, or
 * `scim_unknown_member`.
 */
export function readGroup(body: unknown): ScimGroupFields {
  const group = objectOf(body);
  return {
    displayName: requiredText(attribute(group, 'displayName'), 'displayName'),
    externalId: textOf(attribute(group, 'externalId'), 'externalId'),
    members: withinLimit(new Set(idsOf(attribute(group, 'members')))),
  };
}

/**
 * Returns the fields of a Group after a PATCH. Applies all operations or none. Throws the errors of `readOperations`
 * and `readGroup`, and `scim_invalid_filter`.
 */
export function patchGroup(before: ScimGroupFields, body: unknown): ScimGroupFields {
  const group = { ...before };
  const members = new Set(before.members);
  for (const operation of readOperations(body, STORED_ATTRIBUTES)) {
    const { op, attribute: name, value } = operation;
    if (name === 'members') patchMembers(members, operation);
    else if (name === 'displayName')
      group.displayName = requiredText(op === 'remove' ? undefined : value, 'displayName');
    else group.externalId = op === 'remove' ? null : textOf(value, 'externalId');
  }
  return { ...group, members: withinLimit(members) };
}

/**
 * Applies an operation on `members` or `members[value eq "…"]`. A remove without a value removes all members. The work
 * depends on the size of the operation, not on the number of members.
 */
function patchMembers(members: Set<string>, { op, path, value }: Operation): void {
  const condition = /^members\[(.*)\]$/.exec(path)?.[1];
  if (condition === undefined && path !== 'members') throw new Problem('scim_invalid_path');
  if (condition !== undefined && op !== 'remove')
    throw new Problem('scim_invalid_path', { detail: 'Only remove supports a filter on members.' });
  if (op === 'remove') {
    if (condition === undefined && value === undefined) members.clear();
    for (const id of condition === undefined ? membersIn(value).map(idOf) : idsIn(condition)) members.delete(id);
    return;
  }
  if (op === 'replace') members.clear();
  for (const id of idsOf(value)) members.add(id);
}

/** Returns the ids of a condition: `value eq "…"`, or several of them with `or`. */
function idsIn(condition: string): string[] {
  return condition.split(/\s+or\s+/i).map((part) => {
    const id = /^\s*value\s+eq\s+"([^"\\]*)"\s*$/i.exec(part)?.[1];
    if (id === undefined)
      throw new Problem('scim_invalid_filter', { detail: 'A filter on members compares value with eq.' });
    return id.toLowerCase();
  });
}

function idsOf(value: unknown): string[] {
  return membersIn(value).map((member) => {
    const id = idOf(member);
    if (!isResourceId(id)) throw new Problem('scim_unknown_member');
    return id;
  });
}

function membersIn(value: unknown): unknown[] {
  const members = listOf(value);
  if (members.length <= MAX_LISTED_MEMBERS) return members;
  throw new Problem('scim_invalid_value', {
    detail: `A request can list at most ${MAX_LISTED_MEMBERS} members. Add further members with PATCH.`,
  });
}

function idOf(member: unknown): string {
  const value = typeof member === 'string' ? member : attribute(objectOf(member, 'A member'), 'value');
  return typeof value === 'string' ? value.toLowerCase() : '';
}

function withinLimit(members: ReadonlySet<string>): string[] {
  if (members.size > MAX_MEMBERS)
    throw new Problem('scim_invalid_value', { detail: `A group can have at most ${MAX_MEMBERS} members.` });
  return [...members];
}
