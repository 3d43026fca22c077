import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const rbacFeature = defineFeature({
  name: 'rbac',
  description: "Permissions, the roles of the three presets, custom roles, and an organization's overrides.",
  permissions: {
    'role:read': {
      category: 'Roles',
      description: 'List roles and their grants.',
      scopes: { org: [...MANAGER_ROLES, 'viewer', 'staff'] },
    },
    'role:create': {
      category: 'Roles',
      description: 'Create a custom role.',
      scopes: { org: MANAGER_ROLES },
    },
    'role:delete': {
      category: 'Roles',
      description: 'Delete a custom role.',
      scopes: { org: MANAGER_ROLES },
    },
    'role:update': {
      category: 'Roles',
      description: 'Change the grants of a role in this organization.',
      scopes: { org: MANAGER_ROLES },
    },
    'permission:read': {
      category: 'Roles',
      description: 'List the catalog of permissions.',
      scopes: { org: [...MANAGER_ROLES, 'viewer', 'staff'] },
    },
    'membership:override': {
      category: 'Roles',
      description: 'Change the grants of one member.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'role.created': {
      category: 'roles',
      severity: 'notice',
      description: 'A member created a custom role.',
      meta: { role: 'role', copyOf: 'role' },
      realtime: { permission: 'role:read' },
    },
    'role.updated': {
      category: 'roles',
      severity: 'notice',
      description: 'A member changed the name or the description of a role.',
      meta: { role: 'role', fields: 'codes' },
      realtime: { permission: 'role:read' },
    },
    'role.deleted': {
      category: 'roles',
      severity: 'notice',
      description: 'A member deleted a custom role.',
      meta: { role: 'role' },
      realtime: { permission: 'role:read' },
    },
    'role.override_set': {
      category: 'roles',
      severity: 'notice',
      description: 'A member changed a grant of a role.',
      meta: { role: 'role', permission: 'code', scope: 'code' },
      realtime: { permission: 'role:read' },
    },
    'role.override_removed': {
      category: 'roles',
      severity: 'notice',
      description: 'A member reset a grant of a role to its default.',
      meta: { role: 'role', permission: 'code' },
      realtime: { permission: 'role:read' },
    },
    'membership.override_set': {
      category: 'roles',
      severity: 'notice',
      description: 'A member changed a grant of one member.',
      meta: { permission: 'code', scope: 'code' },
      realtime: { permission: 'role:read' },
    },
    'membership.override_removed': {
      category: 'roles',
      severity: 'notice',
      description: "A member reset a grant of one member to the role's grant.",
      meta: { permission: 'code' },
      realtime: { permission: 'role:read' },
    },
  },
  errors: {
    unknown_role: { status: 400, title: 'Unknown role: GET /v1/roles lists all roles' },
    insufficient_privileges_to_grant: { status: 403, title: 'You cannot grant permissions that you do not hold' },
    role_exists: { status: 409, title: 'A role with this key already exists' },
    role_in_use: { status: 409, title: 'The role is still in use by a member or an SSO role mapping' },
    scope_not_applicable: { status: 400, title: 'This permission applies to the whole organization only' },
    unknown_permission: { status: 400, title: 'Unknown permission: GET /v1/permissions lists all permissions' },
  },
  personalData: {
    roles: { name: { class: 'public', erasure: 'keep' } },
  },
  tables: {
    permissions: {
      kind: 'installation',
      retention: { reason: 'rewritten from the permission catalog at every migration' },
    },
    preset_roles: { kind: 'installation', retention: { reason: 'rewritten from the presets at every migration' } },
    roles: {
      kind: 'tenant',
      rows: { select: 'signed-in', insert: 'role:create', update: 'role:update', delete: 'role:delete' },
      retention: { reason: 'a setting of the organization' },
    },
    role_defaults: {
      kind: 'installation',
      retention: { reason: 'rewritten from the permission catalog at every migration' },
    },
    role_overrides: {
      kind: 'tenant',
      rows: {
        select: ['role:read', 'role:update', 'membership:create', 'membership:update'],
        insert: 'role:update',
        update: 'role:update',
        delete: 'role:update',
      },
      retention: { reason: 'a setting of the organization' },
    },
    member_overrides: {
      kind: 'tenant',
      rows: {
        select: ['membership:read', 'membership:override'],
        insert: 'membership:override',
        update: 'membership:override',
        delete: 'membership:override',
      },
      retention: { reason: 'a setting of the organization' },
    },
  },
  resources: {
    role: { description: 'A role of an organization: the key of a preset role, or the `reference` of a custom role' },
  },
  controls: {
    'rbac.rows': {
      claims: ['C5'],
      description:
        'Each table declares the permissions for its rows, and migrate generates row policies from them. The ' +
        "policies also apply to raw SQL in a member's transaction.",
    },
    'rbac.cascade': {
      claims: ['E10', 'E12', 'C5'],
      description:
        'A member override takes precedence over a role override. A role override takes precedence over the default. ' +
        'The database computes the result.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    rbac: typeof rbacFeature;
  }
}
