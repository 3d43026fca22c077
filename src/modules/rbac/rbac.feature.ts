import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const rbacFeature = defineFeature({
  name: 'rbac',
  description: "Permissions, the roles of the three presets, and an organization's own settings of them.",
  permissions: {
    'role:read': {
      category: 'Roles',
      description: 'See roles and what they grant.',
      scopes: { org: [...MANAGER_ROLES, 'viewer', 'staff'] },
    },
    'role:create': {
      category: 'Roles',
      description: "Make a role of the organization's own.",
      scopes: { org: MANAGER_ROLES },
    },
    'role:delete': {
      category: 'Roles',
      description: 'Remove a role that the organization made.',
      scopes: { org: MANAGER_ROLES },
    },
    'role:update': {
      category: 'Roles',
      description: 'Change what a role grants in this organization.',
      scopes: { org: MANAGER_ROLES },
    },
    'permission:read': {
      category: 'Roles',
      description: 'See the catalog of permissions.',
      scopes: { org: [...MANAGER_ROLES, 'viewer', 'staff'] },
    },
    'membership:override': {
      category: 'Roles',
      description: 'Change what one member is granted.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'role.created': {
      category: 'roles',
      severity: 'notice',
      description: 'The organization made a role.',
      meta: { role: 'code', copyOf: 'code' },
      realtime: { permission: 'role:read' },
    },
    'role.updated': {
      category: 'roles',
      severity: 'notice',
      description: 'A role was renamed or described anew.',
      meta: { role: 'code', fields: 'codes' },
      realtime: { permission: 'role:read' },
    },
    'role.deleted': {
      category: 'roles',
      severity: 'notice',
      description: 'A role of the organization was removed.',
      meta: { role: 'code' },
      realtime: { permission: 'role:read' },
    },
    'role.override_set': {
      category: 'roles',
      severity: 'notice',
      description: 'What a role grants was changed.',
      meta: { role: 'code', permission: 'code', scope: 'code' },
      realtime: { permission: 'role:read' },
    },
    'role.override_removed': {
      category: 'roles',
      severity: 'notice',
      description: 'A role was set back to its default.',
      meta: { role: 'code', permission: 'code' },
      realtime: { permission: 'role:read' },
    },
    'membership.override_set': {
      category: 'roles',
      severity: 'notice',
      description: 'What one member is granted was changed.',
      meta: { permission: 'code', scope: 'code' },
      realtime: { permission: 'role:read' },
    },
    'membership.override_removed': {
      category: 'roles',
      severity: 'notice',
      description: 'A member was set back to the role.',
      meta: { permission: 'code' },
      realtime: { permission: 'role:read' },
    },
  },
  errors: {
    unknown_role: { status: 400, title: 'The organization has no such role: GET /v1/roles lists them' },
    insufficient_privileges_to_grant: { status: 403, title: 'Nobody can give what they do not hold' },
    role_exists: { status: 409, title: 'There is such a role already' },
    role_in_use: { status: 409, title: 'Members hold this role, or sign-ins lead to it' },
    scope_not_applicable: { status: 400, title: 'This permission is held for the whole organization or not at all' },
    unknown_permission: { status: 400, title: 'There is no such permission: GET /v1/permissions lists them' },
  },
  personalData: {
    roles: { name: { class: 'public', erasure: 'keep' } },
  },
  tables: {
    permissions: {
      kind: 'installation',
      retention: { reason: 'written anew from the permission catalog at every migration' },
    },
    preset_roles: { kind: 'installation', retention: { reason: 'written anew from the presets at every migration' } },
    roles: {
      kind: 'tenant',
      rows: { select: 'signed-in', insert: 'role:create', update: 'role:update', delete: 'role:delete' },
      retention: { reason: 'a setting of the organization' },
    },
    role_defaults: {
      kind: 'installation',
      retention: { reason: 'written anew from the permission catalog at every migration' },
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
    role: { description: 'A role of an organization, by its key' },
  },
  controls: {
    'rbac.rows': {
      claims: ['C5'],
      description:
        'What permissions say of rows is declared with each table, and migrate makes row policies of it: raw ' +
        "SQL in a member's session obeys too.",
    },
    'rbac.cascade': {
      claims: ['E10', 'E12', 'C5'],
      description: 'Member override over role override over code default, resolved in the database.',
    },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    rbac: typeof rbacFeature;
  }
}
