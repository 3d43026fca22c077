import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const tenancyFeature = defineFeature({
  name: 'tenancy',
  description: "Organizations and their members. The session's organization is the only one a request can reach.",
  permissions: {
    'organization:read': {
      category: 'Organization',
      description: 'See the organization and its settings.',
      scopes: {
        org: ['program_director', 'mentor', 'trainee', 'owner', 'admin', 'member', 'viewer', 'staff', 'portal'],
      },
    },
    'organization:update': {
      category: 'Organization',
      description: "Change the organization's settings.",
      scopes: { org: MANAGER_ROLES },
    },
    'organization:update-sign-in': {
      category: 'Organization',
      description: 'Change how people sign in.',
      scopes: { org: MANAGER_ROLES },
    },
    'organization:transfer': {
      category: 'Organization',
      description: "Hand one's leading role on.",
      scopes: { org: MANAGER_ROLES },
    },
    'membership:read': {
      category: 'Members',
      description: 'See members and their roles.',
      scopes: { org: [...MANAGER_ROLES, 'viewer', 'staff'] },
    },
    'membership:create': {
      category: 'Members',
      description: 'Add members.',
      scopes: { org: MANAGER_ROLES },
    },
    'membership:update': {
      category: 'Members',
      description: "Change a member's role.",
      scopes: { org: MANAGER_ROLES },
    },
    'membership:end': {
      category: 'Members',
      description: 'End a membership.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'organization.created': {
      category: 'organization',
      severity: 'notice',
      operator: true,
      description: 'An organization was set up.',
      meta: { preset: 'code' },
    },
    'organization.updated': {
      category: 'organization',
      severity: 'notice',
      description: 'Settings of the organization were changed.',
      meta: { fields: 'codes' },
      realtime: { permission: 'organization:read' },
    },
    'organization.sign_in_policy_updated': {
      category: 'organization',
      severity: 'notice',
      description: 'How people sign in was changed.',
      meta: { fields: 'codes' },
      realtime: { permission: 'organization:read' },
    },
    'organization.suspended': {
      category: 'organization',
      severity: 'warning',
      operator: true,
      description: 'The organization was shut for everybody.',
      meta: { reason: 'code' },
    },
    'organization.resumed': {
      category: 'organization',
      severity: 'notice',
      operator: true,
      description: 'The organization was opened again.',
    },
    'organization.owner_transferred': {
      category: 'organization',
      severity: 'warning',
      description: 'The leading role went from one member to another.',
      meta: { membershipId: 'id' },
      realtime: { permission: 'membership:read' },
    },
    'membership.created': {
      category: 'members',
      severity: 'notice',
      description: 'A member was added.',
      meta: { role: 'code', userId: 'id' },
      realtime: { permission: 'membership:read' },
    },
    'membership.role_changed': {
      category: 'members',
      severity: 'notice',
      description: 'A member was given another role.',
      meta: { from: 'code', to: 'code' },
      realtime: { permission: 'membership:read' },
    },
    'membership.ended': {
      category: 'members',
      severity: 'notice',
      description: 'A membership was ended, and its sessions with it.',
      realtime: { permission: 'membership:read' },
    },
  },
  errors: {
    membership_exists: { status: 409, title: 'This user is a member already' },
    last_owner: {
      status: 409,
      title: 'The organization needs somebody who leads it and can manage its members',
    },
    would_lock_you_out: { status: 409, title: 'You could not come back in with the sign-in you used' },
    no_institution: { status: 409, title: 'The organization belongs to no institution' },
  },
  personalData: {
    users: {
      email: { class: 'PII', erasure: 'delete' },
    },
    memberships: { name: { class: 'PII', erasure: 'delete' } },
    organizations: {
      name: { class: 'public', erasure: 'keep' },
      postal_address: { class: 'public', erasure: 'keep' },
    },
  },
  tables: {
    organizations: {
      kind: 'tenant',
      resource: 'organization',
      rows: { select: 'signed-in', update: ['organization:update', 'organization:update-sign-in'] },
      retention: { reason: 'an organization lives until it is closed' },
    },
    users: {
      kind: 'installation',
      retention: { reason: 'a user may be a member of several organizations; erased on request' },
    },
    memberships: {
      kind: 'tenant',
      resource: 'membership',
      rows: {
        own: { column: 'id', commands: ['select'] },
        select: [
          'membership:read',
          'membership:create',
          'membership:update',
          'membership:end',
          'membership:reset-factors',
          'membership:override',
          'role:update',
          'access-review:read',
          'access-review:decide',
        ],
        insert: 'membership:create',
        update: ['membership:update', 'membership:end'],
      },
      retention: { reason: 'who held which role, and when, explains the log' },
    },
  },
  resources: {
    user: { description: 'A user, who signs in and can be a member of several organizations' },
  },
  controls: {
    'tenancy.settings': {
      claims: ['M13'],
      description:
        "Idle time, length of sessions and kinds of sign-in are the organization's own; live sessions obey at " +
        'the next request.',
    },
    'tenancy.leader': {
      claims: ['E10', 'E12'],
      description: 'Somebody always leads and manages members: the database refuses to take the last one away.',
    },
    'tenancy.isolation': {
      claims: ['M4', 'M7', 'C1', 'E14'],
      description: 'Row security, forced, under a tenant context that SQL cannot forge.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    tenancy: typeof tenancyFeature;
  }
}
