import { AppConfig } from '../../../platform/config/index.js';
import { GROUP_SCHEMA, isResourceId } from './scim-group.js';
import { entityTag, type ScimPage } from './scim-query.js';
import { ENTERPRISE_SCHEMA, USER_SCHEMA } from './scim-attributes.js';
import { shownEmails } from './scim-emails.js';
import { fullName, type ScimUserFields } from './scim-user.js';
import type { Json } from './scim-values.js';

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** The metadata of every resource. */
export interface ResourceMeta {
  id: string;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** The membership of a user in a group. */
export interface GroupMemberRef {
  groupId: string;
  groupName: string;
  userId: string;
  userDisplay: string;
}

/** A resource for a response, and the values of its headers. Without a resource, the response has no content. */
export interface ScimRepresentation {
  resource?: Json;
  version?: number;
  location?: string;
}

export function baseUrl({ origin }: Pick<AppConfig, 'origin'>): string {
  return `${origin}/scim/v2`;
}

export function userResource(
  base: string,
  user: ScimUserFields & ResourceMeta,
  groups?: readonly GroupMemberRef[],
): Json {
  const { id, userName, externalId, displayName, givenName, familyName, active, attributes } = user;
  const { name, [ENTERPRISE_SCHEMA]: enterprise, ...rest } = attributes as Record<string, Json | undefined>;
  return {
    schemas: [USER_SCHEMA, ...(enterprise === undefined ? [] : [ENTERPRISE_SCHEMA])],
    ...rest,
    id,
    externalId: externalId ?? undefined,
    userName,
    displayName,
    active,
    name: {
      formatted: fullName(user) ?? displayName,
      givenName: givenName ?? undefined,
      familyName: familyName ?? undefined,
      ...name,
    },
    emails: shownEmails(user),
    ...(groups !== undefined && {
      groups: groups.map(({ groupId, groupName }) => ({
        value: groupId,
        display: groupName,
        type: 'direct',
        ref: `${base}/Groups/${groupId}`,
      })),
    }),
    ...(enterprise !== undefined && { enterprise: shownExtension(base, enterprise) }),
    meta: meta(base, 'User', user),
  };
}

/** Returns the extension with the URL of the manager, if the directory named the manager by a resource id. */
function shownExtension(base: string, { manager, ...rest }: Json): Json {
  if (manager === undefined) return rest;
  const { value } = manager as { value: string };
  return { ...rest, manager: { value, ...(isResourceId(value) && { ref: `${base}/Users/${value}` }) } };
}

export function groupResource(
  base: string,
  group: { displayName: string; externalId: string | null } & ResourceMeta,
  members?: readonly GroupMemberRef[],
): Json {
  const { id, displayName, externalId } = group;
  return {
    schemas: [GROUP_SCHEMA],
    id,
    externalId: externalId ?? undefined,
    displayName,
    ...(members !== undefined && {
      members: members.map(({ userId, userDisplay }) => ({
        value: userId,
        display: userDisplay,
        type: 'User',
        ref: `${base}/Users/${userId}`,
      })),
    }),
    meta: meta(base, 'Group', group),
  };
}

/** Returns one page of a list (RFC 7644 section 3.4.2). */
export function listResource(
  totalResults: number,
  { offset }: Pick<ScimPage, 'offset'>,
  resources: readonly Json[],
): Json {
  return { schemas: [LIST], totalResults, startIndex: offset + 1, itemsPerPage: resources.length, resources };
}

function meta(base: string, resourceType: 'User' | 'Group', { id, version, createdAt, updatedAt }: ResourceMeta): Json {
  return {
    resourceType,
    created: createdAt,
    lastModified: updatedAt,
    location: `${base}/${resourceType}s/${id}`,
    version: entityTag(version),
  };
}
