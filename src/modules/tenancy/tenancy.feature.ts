import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const tenancyFeature = defineFeature({
  name: 'tenancy',
  description: 'Organizations and their members. A request can reach only the organization of its session.',
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
      description: 'Change the sign-in policy.',
      scopes: { org: MANAGER_ROLES },
    },
    'organization:transfer': {
      category: 'Organization',
      description: 'Transfer the owner role.',
      scopes: { org: MANAGER_ROLES },
    },
    'membership:read': {
      category: 'Members',
      description: 'List members and their roles.',
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
      description: 'An operator created the organization.',
      meta: { preset: 'code' },
    },
    'organization.updated': {
      category: 'organization',
      severity: 'notice',
      description: 'A member changed settings of the organization.',
      meta: { fields: 'codes' },
      realtime: { permission: 'organization:read' },
    },
    'organization.sign_in_policy_updated': {
      category: 'organization',
      severity: 'notice',
      description: 'A member changed the sign-in policy.',
      meta: { fields: 'codes' },
      realtime: { permission: 'organization:read' },
    },
    'organization.suspended': {
      category: 'organization',
      severity: 'warning',
      operator: true,
      description: 'An operator suspended the organization.',
      meta: { reason: 'code' },
    },
    'organization.resumed': {
      category: 'organization',
      severity: 'notice',
      operator: true,
      description: 'An operator reactivated the organization.',
    },
    'organization.owner_transferred': {
      category: 'organization',
      severity: 'warning',
      description: 'An owner transferred the owner role to another member.',
      meta: { membershipId: 'id' },
      realtime: { permission: 'membership:read' },
    },
    'membership.created': {
      category: 'members',
      severity: 'notice',
      description: 'A member or an identity provider added a member.',
      meta: { role: 'role', userId: 'id' },
      realtime: { permission: 'membership:read' },
    },
    'membership.role_changed': {
      category: 'members',
      severity: 'notice',
      description: "A member or an identity provider changed a member's role.",
      meta: { from: 'role', to: 'role' },
      realtime: { permission: 'membership:read' },
    },
    'membership.ended': {
      category: 'members',
      severity: 'notice',
      description: 'A membership ended. Its sessions ended too.',
      realtime: { permission: 'membership:read' },
    },
  },
  errors: {
    membership_exists: { status: 409, title: 'The user is already a member' },
    last_owner: {
      status: 409,
      title: 'The organization must keep at least one owner who can manage members',
    },
    would_lock_you_out: { status: 409, title: 'Complete one more step: this setting would end your own access' },
    no_institution: { status: 409, title: 'The organization is not part of an institution' },
  },
  personalData: {
    users: {
      email: { class: 'PII', erasure: 'delete' },
      followed_email: { class: 'PII', erasure: 'delete' },
      contact_email: { class: 'PII', erasure: 'delete' },
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
      retention: { reason: 'an organization is kept until it is closed' },
    },
    users: {
      kind: 'installation',
      retention: { reason: 'a user may be a member of several organizations, and is erased on request' },
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
      retention: { reason: 'the history of roles is needed to interpret the audit log' },
    },
  },
  resources: {
    user: { description: 'A user, who can sign in and be a member of several organizations' },
  },
  controls: {
    'tenancy.settings': {
      claims: ['M13'],
      description:
        'An organization sets idle time, session length and sign-in methods. Existing sessions follow at their ' +
        'next request.',
    },
    'tenancy.leader': {
      claims: ['E10', 'E12'],
      description: 'The database rejects a change that would leave no owner who can manage members.',
    },
    'tenancy.isolation': {
      claims: ['M4', 'M7', 'C1', 'E14'],
      description: 'Forced row-level security under a tenant context that SQL cannot forge.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    tenancy: typeof tenancyFeature;
  }
}
