import { AppConfig } from '../../../platform/config/index.js';
import { GROUP_SCHEMA } from './scim-group.js';
import { entityTag, type ScimPage } from './scim-query.js';
import { shownEmails } from './scim-emails.js';
import { fullName, USER_SCHEMA, type ScimUserFields } from './scim-user.js';
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

/** A resource for a response, and the values of its headers. */
export interface ScimRepresentation {
  resource: Json;
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
  const { id, userName, externalId, displayName, givenName, familyName, active } = user;
  return {
    schemas: [USER_SCHEMA],
    id,
    externalId: externalId ?? undefined,
    userName,
    displayName,
    active,
    name: {
      formatted: fullName(user) ?? displayName,
      givenName: givenName ?? undefined,
      familyName: familyName ?? undefined,
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
    meta: meta(base, 'User', user),
  };
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
