import { filter, parse } from 'scim2-parse-filter';
import { Problem } from '../../../platform/problem/index.js';
import { readOperations, type Operation } from './scim-operations.js';
import { attribute, listOf, objectOf, requiredText, textOf } from './scim-values.js';

export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const KEPT = new Set(['displayName', 'externalId', 'members']);
const MAX_MEMBERS = 20_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What we keep of a SCIM Group; `members` are ids of Users. */
export interface ScimGroupFields {
  displayName: string;
  externalId: string | null;
  members: string[];
}

/** Whether a text may be the id of a resource here. */
export function isResourceId(id: string): boolean {
  return UUID.test(id);
}

/**
 * Reads a Group resource (RFC 7643 section 4.2). Throws scim_invalid_syntax, scim_invalid_value, scim_unknown_member.
 */
export function readGroup(body: unknown): ScimGroupFields {
  const group = objectOf(body);
  return {
    displayName: requiredText(attribute(group, 'displayName'), 'displayName'),
    externalId: textOf(attribute(group, 'externalId'), 'externalId'),
    members: bounded(new Set(idsOf(attribute(group, 'members')))),
  };
}

/**
 * The fields after a PATCH of a Group, all of its operations or none. Throws what `readOperations` and `readGroup`
 * throw, and scim_invalid_filter.
 */
export function patchGroup(before: ScimGroupFields, body: unknown): ScimGroupFields {
  const group = { ...before };
  let members = new Set(before.members);
  for (const operation of readOperations(body, KEPT)) {
    const { op, attribute: name, value } = operation;
    if (name === 'members') members = patchMembers(members, operation);
    else if (name === 'displayName')
      group.displayName = requiredText(op === 'remove' ? undefined : value, 'displayName');
    else group.externalId = op === 'remove' ? null : textOf(value, 'externalId');
  }
  return { ...group, members: bounded(members) };
}

/** `members`, or `members[value eq "…"]`; to remove without a value removes all. */
function patchMembers(members: Set<string>, { op, path, value }: Operation): Set<string> {
  const condition = /^members\[(.*)\]$/.exec(path)?.[1];
  if (condition === undefined && path !== 'members') throw new Problem('scim_invalid_path');
  if (condition !== undefined && op !== 'remove')
    throw new Problem('scim_invalid_path', { detail: 'members are added by their value' });
  if (condition !== undefined) {
    const meant = matcher(condition);
    return new Set([...members].filter((id) => !meant({ value: id })));
  }
  if (op === 'add') return new Set([...members, ...idsOf(value)]);
  if (op === 'replace') return new Set(idsOf(value));
  const leaving = new Set(listOf(value).map(idOf));
  return value === undefined ? new Set() : new Set([...members].filter((id) => !leaving.has(id)));
}

function matcher(condition: string): (member: { value: string }) => boolean {
  try {
    return filter(parse(condition));
  } catch (error) {
    throw new Problem('scim_invalid_filter', { cause: error });
  }
}

function idsOf(value: unknown): string[] {
  return listOf(value).map((member) => {
    const id = idOf(member);
    if (!isResourceId(id)) throw new Problem('scim_unknown_member');
    return id;
  });
}

function idOf(member: unknown): string {
  const value = typeof member === 'string' ? member : attribute(objectOf(member, 'a member'), 'value');
  return typeof value === 'string' ? value.toLowerCase() : '';
}

function bounded(members: ReadonlySet<string>): string[] {
  if (members.size > MAX_MEMBERS)
    throw new Problem('scim_invalid_value', { detail: `a group has at most ${MAX_MEMBERS} members` });
  return [...members];
}
