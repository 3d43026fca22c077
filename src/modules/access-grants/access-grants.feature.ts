import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const accessGrantsFeature = defineFeature({
  name: 'access-grants',
  description:
    'Permissions for a time (break-glass, support): asked for with a reason, given by a second person, marked ' +
    'in the log.',
  permissions: {
    'access-grant:read': {
      category: 'Access',
      description: 'See who asked for, and was given, permissions for a time.',
      scopes: { org: [...MANAGER_ROLES, 'viewer'] },
    },
    'access-grant:request': {
      category: 'Access',
      description: 'Ask for permissions for a time.',
      scopes: { org: ['program_director', 'mentor', 'owner', 'admin', 'member', 'staff'] },
    },
    'access-grant:decide': {
      category: 'Access',
      description: 'Give or refuse what others asked for.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'access_grant.requested': {
      category: 'access',
      severity: 'notice',
      description: 'Permissions were asked for, for a time.',
      meta: { membershipId: 'id', personId: 'id', permissions: 'codes', minutes: 'count' },
      realtime: { permission: 'access-grant:read' },
    },
    'access_grant.approved': {
      category: 'access',
      severity: 'warning',
      description: 'Permissions were given for a time; what is done with them is marked.',
      meta: { membershipId: 'id', expiresAt: 'time' },
      realtime: { permission: 'access-grant:read' },
    },
    'access_grant.declined': {
      category: 'access',
      severity: 'notice',
      description: 'Permissions for a time were refused.',
      meta: { membershipId: 'id' },
      realtime: { permission: 'access-grant:read' },
    },
    'access_grant.ended': {
      category: 'access',
      severity: 'notice',
      description: 'Permissions for a time were given up or taken back, or a request was.',
      meta: { membershipId: 'id' },
      realtime: { permission: 'access-grant:read' },
    },
    'access_grant.expired': {
      category: 'access',
      severity: 'info',
      description: 'The time of an access grant was over.',
      realtime: { permission: 'access-grant:read' },
    },
    'support.member_added': {
      category: 'access',
      severity: 'warning',
      operator: true,
      description: "An operator's support staff was made known to the organization, without any permission.",
    },
  },
  errors: {
    access_grant_self_approval: { status: 403, title: 'A second person has to decide' },
    access_grant_already_decided: { status: 409, title: 'This was decided already' },
    access_grant_request_expired: { status: 409, title: 'This was asked for more than a day ago: ask again' },
    access_grant_already_active: { status: 409, title: 'The member has an access grant in force' },
  },
  jobs: {
    'access-grants.close': {
      description: 'Closes access grants whose time is over; they gave nothing any more since.',
      attempts: 5,
      backoffSeconds: 10,
      timeoutSeconds: 60,
      concurrency: 1,
    },
  },
  schedules: {
    'access-grants.expiry': {
      description: 'Entries in the log for access grants whose time is over',
      cron: '*/15 * * * *',
      timezone: 'UTC',
      job: 'access-grants.close',
      per: 'organization',
    },
  },
  personalData: {
    access_grants: { reason: { class: 'internal', erasure: 'keep' } },
  },
  tables: {
    access_grants: {
      kind: 'tenant',
      resource: 'access-grant',
      rows: {
        own: { column: 'membership_id', commands: ['select'] },
        select: ['access-grant:read', 'access-grant:decide'],
        insert: 'access-grant:request',
      },
      retention: { reason: 'explains entries of the log that carry its id' },
    },
  },
  controls: {
    'access-grants.second-person': {
      claims: ['E11', 'S4'],
      description:
        'Permissions for a time need a reason and a second person, who holds them; the database decides, and ' +
        'every entry made under them says so.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    accessGrants: typeof accessGrantsFeature;
  }
}
