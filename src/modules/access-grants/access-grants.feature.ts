import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const accessGrantsFeature = defineFeature({
  name: 'access-grants',
  description:
    'Access grants: permissions for a limited time, for example for support. A member requests one with a reason, ' +
    'and a second member approves it. Audit events of actions under a grant contain its id.',
  permissions: {
    'access-grant:read': {
      category: 'Access',
      description: 'List access grants and their requests.',
      scopes: { org: [...MANAGER_ROLES, 'viewer'] },
    },
    'access-grant:request': {
      category: 'Access',
      description: 'Request access grants.',
      scopes: { org: ['program_director', 'mentor', 'owner', 'admin', 'member', 'staff'] },
    },
    'access-grant:decide': {
      category: 'Access',
      description: 'Approve or decline requests of other members.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'access_grant.requested': {
      category: 'access',
      severity: 'notice',
      description: 'A member or an operator requested an access grant.',
      meta: { membershipId: 'id', personId: 'id', permissions: 'codes', minutes: 'count' },
      realtime: { permission: 'access-grant:read' },
    },
    'access_grant.approved': {
      category: 'access',
      severity: 'warning',
      description: 'A member approved an access grant. Audit events of actions under the grant contain its id.',
      meta: { membershipId: 'id', expiresAt: 'time' },
      realtime: { permission: 'access-grant:read' },
    },
    'access_grant.declined': {
      category: 'access',
      severity: 'notice',
      description: 'A member declined an access grant request.',
      meta: { membershipId: 'id' },
      realtime: { permission: 'access-grant:read' },
    },
    'access_grant.ended': {
      category: 'access',
      severity: 'notice',
      description: 'A member ended an access grant or withdrew a request.',
      meta: { membershipId: 'id' },
      realtime: { permission: 'access-grant:read' },
    },
    'access_grant.expired': {
      category: 'access',
      severity: 'info',
      description: 'An access grant expired.',
      realtime: { permission: 'access-grant:read' },
    },
    'support.member_added': {
      category: 'access',
      severity: 'warning',
      operator: true,
      description: "An operator added a member of the operator's support staff, without any permission.",
    },
  },
  errors: {
    access_grant_self_approval: { status: 403, title: 'You cannot decide your own access request' },
    access_grant_already_decided: { status: 409, title: 'The access request has already been decided' },
    access_grant_request_expired: { status: 409, title: 'The access request has expired: submit a new one' },
    access_grant_already_active: { status: 409, title: 'The member already has an active access grant' },
  },
  jobs: {
    'access-grants.close': {
      description:
        'Closes expired access grants. An expired grant gives no permissions, even before this job closes it.',
      attempts: 5,
      backoffSeconds: 10,
      timeoutSeconds: 60,
      concurrency: 1,
    },
  },
  schedules: {
    'access-grants.expiry': {
      description: 'Records the expiry of access grants in the audit log',
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
      retention: { reason: 'audit events refer to access grants by id' },
    },
  },
  controls: {
    'access-grants.second-person': {
      claims: ['E11', 'S4'],
      description:
        'An access grant needs a reason and the approval of a second member who holds its permissions. The ' +
        'database enforces this. Every audit event of an action under a grant contains its id.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    accessGrants: typeof accessGrantsFeature;
  }
}
